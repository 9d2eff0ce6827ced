#include "pipeline/plan_compiler.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "pipeline/canonical_plan.h"
#include "pipeline/sampler.h"
#include "pipeline/tensor_specs.h"

namespace millrace {

absl::StatusOr<std::shared_ptr<const CompiledPlan>> CompiledPlan::Compile(
    const v1::Plan& plan, SampleStores stores, const PlanLimits& limits,
    SharedMemory* memory) {
  std::shared_ptr<CompiledPlan> compiled(new CompiledPlan);
  compiled->limits_ = limits;
  compiled->stores_ = std::move(stores);
  compiled->samples_ = compiled->stores_[0].get();
  if (plan.has_mixture()) {
    MILLRACE_ASSIGN_OR_RETURN(compiled->mixture_,
                              MixtureSamples::Create(compiled->stores_));
    compiled->samples_ = compiled->mixture_.get();
  }
  const v1::DatasetInfo& info = compiled->samples_->info();
  std::vector<const v1::DatasetInfo*> datasets;
  for (const auto& store : compiled->stores_) {
    datasets.push_back(&store->info());
  }
  MILLRACE_ASSIGN_OR_RETURN(compiled->plan_,
                            CanonicalPlan(plan, info, datasets, limits));
  compiled->digest_ = PlanDigest(compiled->plan_);

  SharedMemory own(limits);
  if (memory == nullptr) memory = &own;
  MILLRACE_ASSIGN_OR_RETURN(
      compiled->recipe_,
      SampleRecipe::Compile(compiled->plan_, info, limits,
                            memory->decoded.Get(*compiled->samples_),
                            memory->working));
  MILLRACE_ASSIGN_OR_RETURN(compiled->order_,
                            MakeOrder(compiled->plan_, compiled->stores_));
  compiled->mixer_ = std::make_unique<const BatchMixer>(compiled->plan_);
  MILLRACE_RETURN_IF_ERROR(compiled->CheckSteps());
  MILLRACE_RETURN_IF_ERROR(compiled->CheckGroups(1));
  MILLRACE_RETURN_IF_ERROR(
      compiled->CheckBytes(compiled->plan_.batch().size()));
  return compiled;
}

uint64_t CompiledPlan::steps_per_epoch() const {
  const uint64_t batch = plan_.batch().size();
  const uint64_t whole = order_->positions() / batch;
  const bool rest = order_->positions() % batch != 0;
  return plan_.batch().remainder() == v1::BatchOptions::PAD ? whole + rest
                                                            : whole;
}

absl::Status CompiledPlan::CheckSteps() const {
  if (steps_per_epoch() > 0) return absl::OkStatus();
  const uint64_t chosen = plan_.has_mixture() ? plan_.mixture().positions()
                                              : plan_.sampler().positions();
  return absl::InvalidArgumentError(absl::StrCat(
      "batch.size: ", plan_.batch().size(), " is more than the ",
      order_->positions(),
      chosen == 0           ? " samples selected"
      : plan_.has_mixture() ? " of mixture.positions"
                            : " of sampler.positions",
      ", so an epoch has no whole batch; use a smaller one, or remainder: "
      "PAD"));
}

absl::Status CompiledPlan::CheckBytes(uint32_t world_size) const {
  const uint64_t bytes = BatchBytes(world_size);
  if (bytes <= limits_.max_batch_bytes) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "batch.size: ", plan_.batch().size() / world_size,
      " samples for a rank take ", bytes, " bytes; the limit is ",
      limits_.max_batch_bytes,
      ". Use a smaller batch, more ranks, smaller images or UINT8"));
}

absl::Status CompiledPlan::CheckGroups(uint32_t world_size) const {
  const uint32_t samples = plan_.batch().size() / world_size;
  const auto group = static_cast<uint32_t>(mixer_->group_size());
  if (group == 0 || samples % group == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("batch.size: ", samples,
                   " samples for a rank are not whole groups of ", group,
                   " that mix; change batch.size, the group or the "
                   "world size"));
}

absl::Status CompiledPlan::CheckRank(uint32_t rank, uint32_t world_size) const {
  const uint32_t batch = plan_.batch().size();
  if (world_size == 0 || batch % world_size != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "world_size: ", world_size, " does not divide batch.size, ", batch,
        "; every rank must get as many samples"));
  }
  if (rank >= world_size) {
    return absl::InvalidArgumentError(
        absl::StrCat("rank: ", rank, " is out of range; world_size is ",
                     world_size, ", so ranks are 0 to ", world_size - 1));
  }
  MILLRACE_RETURN_IF_ERROR(CheckGroups(world_size));
  return CheckBytes(world_size);
}

std::vector<v1::TensorSpec> CompiledPlan::TensorSpecs(
    uint32_t world_size) const {
  return TensorSpecsOf(recipe_->output(), plan_.batch().size() / world_size);
}

uint64_t CompiledPlan::BatchBytes(uint32_t world_size) const {
  uint64_t bytes = 0;
  for (const v1::TensorSpec& spec : TensorSpecs(world_size)) {
    bytes += FixedBytesOf(spec);
  }
  return bytes;
}

uint64_t CompiledPlan::MaxRaggedBytes() const {
  if (!recipe_->output().boxes) return 0;
  const AnnotationOptions made = recipe_->output().made();
  if (made.masks && !made.run_lengths) return limits_.max_ragged_bytes;
  return std::min(limits_.max_ragged_bytes, kMaxUnmaskedRaggedBytes);
}

}  // namespace millrace
