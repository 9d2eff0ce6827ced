// One batch of one rank in the making.
//
// The batch is a set of slots, one a sample; slots are filled by any threads in
// any order, then the batch is finished by one. The bytes depend on (dataset
// version, plan, step, rank, world size) alone.
//
// A padded slot is zeros, label -1, ordinal -1, valid 0, no boxes. A slot whose
// sample is masked (BatchOptions.MASK) is the same, but keeps its ordinal, so
// that a log of ordinals still names every sample of the epoch.
//
//   Start --> MakeSamples(0, 3), MakeSamples(3, 5) ... (parallel) --> Finish
//
// Samples that mix with each other do so when the last one of their group is
// made.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/buffer_pool.h"
#include "millrace/v1/plan.pb.h"
#include "pipeline/host_batch.h"
#include "pipeline/plan_compiler.h"

namespace millrace {

struct BatchSlice {
  uint64_t step = 0;
  uint32_t rank = 0;
  uint32_t world_size = 1;
};

class BatchAssembly {
 public:
  // `slice` must have passed CompiledPlan::CheckRank. `pool` must outlive this
  // object (not the buffers).
  static absl::StatusOr<std::unique_ptr<BatchAssembly>> Start(
      std::shared_ptr<const CompiledPlan> plan, const BatchSlice& slice,
      BufferPool* pool);
  virtual ~BatchAssembly() = default;

  virtual int num_samples() const = 0;

  // Fills `count` slots from `first` on, up to the first error. Each slot is
  // filled once; different slots may be filled at the same time. Many small
  // samples are quickest in one call. DATA_LOSS names the sample, unless the
  // plan masks such samples. FAILED_PRECONDITION: the annotations of this step
  // take more than CompiledPlan::MaxRaggedBytes(); whichever slot it was, with
  // the same words.
  virtual absl::Status MakeSamples(int first, int count) = 0;

  // After all slots are done without an error; once.
  virtual absl::StatusOr<HostBatch> Finish() = 0;
};

// All of it on the calling thread.
absl::StatusOr<HostBatch> MakeBatch(std::shared_ptr<const CompiledPlan> plan,
                                    const BatchSlice& slice, BufferPool* pool);

}  // namespace millrace
