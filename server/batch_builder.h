// Builds the batches of one stream on the shared scheduler.
//
//   Add(7) Add(8)       worker: take some samples of the oldest batch that has
//      |                        any left, make them, queue up again
//      v
//   [7: ####....] [8: ........]  -- last sample made --> done(7, batch)
//
// All workers help with the oldest batch first, so that batches finish early
// and in order as far as possible. A turn takes about 0.1 ms: many tiny samples
// (28 x 28 pixels) or one large one, so that turns cost little and streams
// share the workers fairly.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/buffer_pool.h"
#include "base/scheduler.h"
#include "pipeline/batch_assembly.h"
#include "pipeline/plan_compiler.h"

namespace millrace {

struct BatchBuilderOptions {
  std::shared_ptr<const CompiledPlan> plan;
  uint32_t rank = 0;
  uint32_t world_size = 1;
  // Both must outlive all work: destroy the scheduler before the pool.
  Scheduler* scheduler = nullptr;
  BufferPool* pool = nullptr;
};

struct BuiltBatch {
  uint64_t step = 0;
  // An error of any sample is the batch's.
  absl::StatusOr<HostBatch> batch;
  int samples = 0;
  // From Add to here, and the time that workers spent on it together.
  absl::Duration elapsed = {};
  absl::Duration busy = {};
};

// Thread-safe.
class BatchBuilder {
 public:
  // Runs on a worker, without locks of the builder.
  using Done = std::function<void(BuiltBatch)>;

  BatchBuilder(BatchBuilderOptions options, Done done);
  // As Cancel().
  ~BatchBuilder();

  // Begins a batch. The caller bounds how many are in the making.
  void Add(uint64_t step);

  // Forgets all batches and lets go of `done` and the plan as soon as no worker
  // uses them; does not wait.
  void Cancel();

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace millrace
