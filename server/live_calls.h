// The calls under way: how many may be, and how they end at shutdown.
#pragma once

#include <cstddef>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/mutex.h"

namespace millrace {

// A call that others may end. Both are called under the lock of LiveCalls:
// they must not wait, nor come back to it.
class LiveCall {
 public:
  virtual ~LiveCall() = default;

  // Deliver what was asked for, then end with UNAVAILABLE.
  virtual void Drain() = 0;

  // Cancel the call if its peer has not taken a message since `since`.
  virtual void CancelIfStalled(absl::Time since) = 0;
};

// Thread-safe. `what` and `limit_name` are for messages.
class LiveCalls {
 public:
  LiveCalls(std::string what, std::string limit_name, size_t limit)
      : what_(std::move(what)),
        limit_name_(std::move(limit_name)),
        limit_(limit) {}

  // RESOURCE_EXHAUSTED: the limit is reached. UNAVAILABLE: draining. Otherwise
  // `call` must be removed before it is destroyed.
  absl::Status Add(LiveCall* call);
  void Remove(LiveCall* call);

  // Admits no more, and drains those that there are.
  void BeginDrain();

  // False if some are left at the deadline, which may be moved meanwhile: see
  // EndWait.
  bool WaitUntilNone(absl::Time deadline);
  // Makes WaitUntilNone return at once.
  void EndWait();

  void CancelStalled(absl::Time since);

  size_t size() const;

 private:
  const std::string what_;
  const std::string limit_name_;
  const size_t limit_;
  mutable Mutex mutex_;
  CondVar changed_;
  absl::flat_hash_set<LiveCall*> calls_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool wait_ended_ ABSL_GUARDED_BY(mutex_) = false;
};

// The status of calls that a shutdown turns away or ends.
absl::Status ShuttingDownError();

}  // namespace millrace
