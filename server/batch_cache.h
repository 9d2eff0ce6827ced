// One batch for all streams that want it.
//
// A batch is a pure function of (plan digest, step, rank, world size): streams
// that share these are readers of one slice, and what one of them makes serves
// all.
//
//   A: Want(7) -> make it -> builds ... -> Made(7) --+--> B
//   B: Want(7) -> wait, it is in the making ---------+--> kept, while it fits
//   C: Want(7) ------------------------------------------> C, from what is kept
//
// A batch is kept until every reader of its slice has taken it, or until newer
// ones need its place; so a stream alone keeps nothing, and streams in step
// keep what lies between the fastest and the slowest. A reader misses nothing:
// what is no longer kept, it makes again. A reader that leaves while it makes a
// batch hands the work to the next one that waits.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "base/scheduler.h"
#include "pipeline/batch_assembly.h"
#include "server/metrics.h"

namespace millrace {

// Immutable; its tensors may lie in the cache and in several streams at once.
struct SharedBatch {
  HostBatch batch;
  int samples = 0;
  uint64_t tensor_bytes = 0;
};

// Thread-safe. Must outlive its readers. None of the calls waits for a batch.
class BatchCache {
 public:
  // What readers must have in common.
  struct Slice {
    uint64_t plan_digest = 0;
    uint32_t rank = 0;
    uint32_t world_size = 1;
  };
  // A batch that was wanted; null: it is this reader's to make after all. Runs
  // on a worker, in the reader's own lane, without locks of the cache. The last
  // one may still run when its reader is gone.
  using Deliver =
      std::function<void(uint64_t step, std::shared_ptr<const SharedBatch>)>;
  class Reader;

  // Keeps at most `max_bytes` of tensors beside what streams hold. 0: shares
  // only what is in the making.
  BatchCache(uint64_t max_bytes, Scheduler* scheduler, Metrics* metrics);
  ~BatchCache();

  std::unique_ptr<Reader> Join(const Slice& slice, Deliver deliver);

  // Of tensors kept.
  uint64_t bytes() const;

 private:
  struct Member;
  struct Entry;
  struct Group;
  using GroupKey = std::tuple<uint64_t, uint32_t, uint32_t>;
  // Least recently used first.
  using Kept = std::list<std::pair<Group*, uint64_t>>;

  void Hand(Member* to, uint64_t step, std::shared_ptr<const SharedBatch> batch)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The next reader that waits makes it; none: nobody does.
  void PassOn(Group* group, uint64_t step)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Both return what must be destroyed without the lock.
  std::shared_ptr<const SharedBatch> Drop(Group* group, uint64_t step)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<std::shared_ptr<const SharedBatch>> MakeRoom(uint64_t bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const uint64_t max_bytes_;
  Scheduler* const scheduler_;
  Metrics* const metrics_;
  mutable Mutex mutex_;
  std::map<GroupKey, std::unique_ptr<Group>> groups_ ABSL_GUARDED_BY(mutex_);
  Kept kept_ ABSL_GUARDED_BY(mutex_);
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

// One stream's part. Thread-safe.
class BatchCache::Reader {
 public:
  // Leaves: nothing is delivered from now on but what runs already, and what
  // it was making is for others to make.
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // True: the caller makes the batch, then says Made or Failed. False: it is
  // delivered, now or when it is made.
  bool Want(uint64_t step);
  void Made(uint64_t step, std::shared_ptr<const SharedBatch> batch);
  // Others that want this batch try for themselves.
  void Failed(uint64_t step);

 private:
  friend class BatchCache;
  Reader(BatchCache* cache, Group* group, std::unique_ptr<Member> self);

  BatchCache* const cache_;
  Group* const group_;
  const std::unique_ptr<Member> self_;
};

}  // namespace millrace
