// A plan, checked whole and made ready to run against its datasets.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "millrace/v1/millrace.pb.h"
#include "millrace/v1/plan.pb.h"
#include "pipeline/epoch_order.h"
#include "pipeline/mixing_ops.h"
#include "pipeline/mixture_samples.h"
#include "pipeline/plan_limits.h"
#include "pipeline/sample_recipe.h"
#include "pipeline/shared_memory.h"
#include "storage/sample_store.h"

namespace millrace {

// Immutable and thread-safe; shared by all streams of the same plan.
class CompiledPlan {
 public:
  // INVALID_ARGUMENT says which field or which transform (by its place) is
  // wrong, why, and what would be right. NOT_FOUND: a class or key that the
  // dataset does not have.
  //
  // `stores`: the plan's own dataset, then those of mixture.parts. `memory` is
  // shared between plans; it need not outlive the call. Null: this plan has its
  // own, as `limits` say.
  static absl::StatusOr<std::shared_ptr<const CompiledPlan>> Compile(
      const v1::Plan& plan, SampleStores stores, const PlanLimits& limits = {},
      SharedMemory* memory = nullptr);
  static absl::StatusOr<std::shared_ptr<const CompiledPlan>> Compile(
      const v1::Plan& plan, std::shared_ptr<const SampleStore> store,
      const PlanLimits& limits = {}, SharedMemory* memory = nullptr) {
    return Compile(plan, SampleStores{std::move(store)}, limits, memory);
  }

  // Defaults written out, dataset pinned to its version.
  const v1::Plan& plan() const { return plan_; }
  // First 8 bytes of the SHA-256 of plan()'s canonical serialisation.
  uint64_t digest() const { return digest_; }
  // For people: "NAME@VERSION", of a mixture several with " + " between.
  const std::string& datasets() const {
    return mixture_ == nullptr ? plan_.dataset() : mixture_->info().name();
  }
  // As it was compiled with.
  const SampleStores& stores() const { return stores_; }
  // What the order's ordinals are read from.
  const SampleReader& samples() const { return *samples_; }
  // The same if the plan has a mixture, else null.
  const MixtureSamples* mixture() const { return mixture_.get(); }
  const EpochOrder& order() const { return *order_; }
  const SampleRecipe& recipe() const { return *recipe_; }
  const BatchMixer& mixer() const { return *mixer_; }
  const PlanLimits& limits() const { return limits_; }

  uint64_t steps_per_epoch() const;
  // INVALID_ARGUMENT: world_size does not divide the global batch, rank is out
  // of range, a batch of one rank is over the limit of bytes, or it is not
  // whole groups of samples that mix.
  absl::Status CheckRank(uint32_t rank, uint32_t world_size) const;
  // The tensors of each batch of a rank, in order.
  std::vector<v1::TensorSpec> TensorSpecs(uint32_t world_size) const;
  // Bytes of the fixed-size tensors of one batch of a rank.
  uint64_t BatchBytes(uint32_t world_size) const;
  // The most that the ragged tensors of one batch of a rank may take; 0 if
  // there are none. A batch that needs more fails.
  uint64_t MaxRaggedBytes() const;

 private:
  CompiledPlan() = default;

  absl::Status CheckSteps() const;
  absl::Status CheckBytes(uint32_t world_size) const;
  absl::Status CheckGroups(uint32_t world_size) const;

  v1::Plan plan_;
  uint64_t digest_ = 0;
  PlanLimits limits_;
  SampleStores stores_;
  std::shared_ptr<const MixtureSamples> mixture_;
  const SampleReader* samples_ = nullptr;
  std::unique_ptr<const EpochOrder> order_;
  std::unique_ptr<const SampleRecipe> recipe_;
  std::unique_ptr<const BatchMixer> mixer_;
};

}  // namespace millrace
