#include "pipeline/batch_assembly.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "pipeline/annotation_format.h"
#include "pipeline/annotation_tensors.h"
#include "pipeline/tensor_specs.h"

namespace millrace {

namespace {

// How far ahead of the sample being made: about the latency of memory.
constexpr int kPrefetchSamples = 4;

class Assembly final : public BatchAssembly {
 public:
  Assembly(std::shared_ptr<const CompiledPlan> plan, const BatchSlice& slice,
           BufferPool* pool);

  int num_samples() const override { return num_samples_; }
  absl::Status MakeSamples(int first, int count) override;
  absl::StatusOr<HostBatch> Finish() override;

 private:
  const OutputSpec& output() const { return plan_->recipe().output(); }
  const BatchMixer& mixer() const { return plan_->mixer(); }
  uint64_t PositionOf(int slot) const {
    return slice_.step % steps_per_epoch_ * plan_->plan().batch().size() +
           uint64_t{slice_.rank} * num_samples_ + slot;
  }
  uint8_t* ImageAt(int slot) {
    return image_.data() + output().image_bytes() * slot;
  }
  float* RowAt(int slot) {  // Of labels.
    return reinterpret_cast<float*>(label_.data()) +
           size_t{output().label_classes} * slot;
  }
  absl::Status MakeAlone(int slot, uint64_t position, uint64_t ordinal);
  // Mixes a group of slots once all of them are made.
  absl::Status MixIfLast(int group);
  MixedSamples SamplesOf(int group);
  uint64_t BoxBytes() const {
    return BytesOfBox(output().made(), output().size.width,
                      output().size.height);
  }
  absl::Status Fill(int slot, uint64_t position, uint64_t ordinal);
  absl::Status OverLimit() const;
  void FillEmpty(int slot, int64_t ordinal);
  void SetLabel(int slot, int64_t label);
  void SetOrdinal(int slot, int64_t ordinal);

  const std::shared_ptr<const CompiledPlan> plan_;
  const BatchSlice slice_;
  const uint64_t steps_per_epoch_;
  const int num_samples_;
  BufferPool* const pool_;
  RaggedBudget budget_;

  // Each slot is written by the one call that makes it.
  Buffer image_;
  Buffer label_;
  Buffer valid_;
  Buffer ordinal_;
  Buffer dataset_index_;                   // If the plan has a mixture.
  std::vector<std::atomic<int>> missing_;  // Samples of each group that mixes.
  std::vector<SampleRecipe::Result> results_;  // If boxes are wanted.
};

Assembly::Assembly(std::shared_ptr<const CompiledPlan> plan,
                   const BatchSlice& slice, BufferPool* pool)
    : plan_(std::move(plan)),
      slice_(slice),
      steps_per_epoch_(plan_->steps_per_epoch()),
      num_samples_(
          static_cast<int>(plan_->plan().batch().size() / slice.world_size)),
      pool_(pool),
      budget_(plan_->MaxRaggedBytes()),
      missing_(
          mixer().group_size() == 0 ? 0 : num_samples_ / mixer().group_size()) {
  for (std::atomic<int>& missing : missing_) missing = mixer().group_size();
  // The four tensors that every plan has, in this order, and a mixture's.
  const auto specs = plan_->TensorSpecs(slice.world_size);
  image_ = pool->Get(FixedBytesOf(specs[0]));
  label_ = pool->Get(FixedBytesOf(specs[1]));
  valid_ = pool->Get(FixedBytesOf(specs[2]));
  ordinal_ = pool->Get(FixedBytesOf(specs[3]));
  if (output().mixture) dataset_index_ = pool->Get(FixedBytesOf(specs[4]));
  if (output().boxes) results_.resize(num_samples_);
}

// As its own dataset counts.
void Assembly::SetOrdinal(int slot, int64_t ordinal) {
  if (output().mixture) {
    MixtureSamples::Place place;
    if (ordinal >= 0) place = plan_->mixture()->PlaceOf(ordinal);
    reinterpret_cast<int64_t*>(dataset_index_.data())[slot] =
        ordinal < 0 ? -1 : static_cast<int64_t>(place.dataset);
    if (ordinal >= 0) ordinal = static_cast<int64_t>(place.ordinal);
  }
  reinterpret_cast<int64_t*>(ordinal_.data())[slot] = ordinal;
}

void Assembly::SetLabel(int slot, int64_t label) {
  const uint32_t classes = output().label_classes;
  if (classes == 0) {
    reinterpret_cast<int64_t*>(label_.data())[slot] = label;
    return;
  }
  const bool known = label >= 0 && label < classes;
  std::fill_n(RowAt(slot), classes, known ? output().label_off : 0.0f);
  if (known) RowAt(slot)[label] = output().label_on;
}

void Assembly::FillEmpty(int slot, int64_t ordinal) {
  std::memset(ImageAt(slot), 0, output().image_bytes());
  SetLabel(slot, -1);
  valid_.data()[slot] = 0;
  SetOrdinal(slot, ordinal);
}

absl::Status Assembly::Fill(int slot, uint64_t position, uint64_t ordinal) {
  const SamplePlace place = {plan_->plan().seed(),
                             slice_.step / steps_per_epoch_, position};
  MILLRACE_ASSIGN_OR_RETURN(
      SampleRecipe::Result result,
      plan_->recipe().Make(plan_->samples(), ordinal, place, &budget_,
                           ImageAt(slot)));
  SetLabel(slot, result.label);
  valid_.data()[slot] = 1;
  SetOrdinal(slot, static_cast<int64_t>(ordinal));
  if (output().boxes) results_[slot] = std::move(result);
  return absl::OkStatus();
}

absl::Status Assembly::MakeSamples(int first, int count) {
  const uint64_t begin = PositionOf(first);
  const uint64_t end =
      std::clamp(plan_->order().positions(), begin, begin + count);
  const std::vector<uint64_t> ordinals = plan_->order().OrdinalsAt(
      slice_.step / steps_per_epoch_, begin, end - begin);
  const int real = static_cast<int>(ordinals.size());
  for (int i = 0; i < count; ++i) {
    if (i + kPrefetchSamples < real) {
      plan_->recipe().Prefetch(ordinals[i + kPrefetchSamples]);
    }
    if (i < real) {
      MILLRACE_RETURN_IF_ERROR(MakeAlone(first + i, begin + i, ordinals[i]));
    } else {
      FillEmpty(first + i, -1);
    }
    if (mixer().group_size() > 0) {
      MILLRACE_RETURN_IF_ERROR(MixIfLast((first + i) / mixer().group_size()));
    }
  }
  return absl::OkStatus();
}

absl::Status Assembly::MakeAlone(int slot, uint64_t position,
                                 uint64_t ordinal) {
  const absl::Status status = Fill(slot, position, ordinal);
  if (absl::IsDataLoss(status) &&
      plan_->plan().batch().corrupt() == v1::BatchOptions::MASK) {
    FillEmpty(slot, static_cast<int64_t>(ordinal));
    return absl::OkStatus();
  }
  return budget_.exceeded() ? OverLimit() : status;
}

MixedSamples Assembly::SamplesOf(int group) {
  const int size = mixer().group_size();
  MixedSamples samples = {.layout = output().layout(),
                          .classes = output().label_classes,
                          .box_bytes = BoxBytes(),
                          .budget = &budget_,
                          .pool = pool_};
  for (int slot = group * size; slot < (group + 1) * size; ++slot) {
    if (valid_.data()[slot] == 0) continue;
    samples.images.push_back(ImageAt(slot));
    samples.labels.push_back(RowAt(slot));
    if (!output().boxes) continue;
    samples.annotations.push_back(&results_[slot].annotations);
  }
  return samples;
}

absl::Status Assembly::MixIfLast(int group) {
  if (--missing_[group] > 0) return absl::OkStatus();
  const int size = mixer().group_size();
  const MixedSamples samples = SamplesOf(group);
  bool fits = mixer().Mix(slice_.step / steps_per_epoch_,
                          PositionOf(group * size) / size, samples);
  if (output().mixes_boxes) {
    for (SampleAnnotations* annotations : samples.annotations) {
      fits = fits && FormatAnnotations(output().annotations, output().size,
                                       &budget_, annotations);
    }
  }
  return fits ? absl::OkStatus() : OverLimit();
}

absl::Status Assembly::OverLimit() const {
  return absl::FailedPreconditionError(absl::StrCat(
      "step ", slice_.step, ": the boxes, masks and keypoints of its ",
      num_samples_, " samples, ", BoxBytes(),
      " bytes a box, take more than a batch may (limit: ", budget_.bytes(),
      " bytes, see plan_limits.max_ragged_bytes); use smaller images, a "
      "smaller batch, or more ranks"));
}

absl::StatusOr<HostBatch> Assembly::Finish() {
  HostBatch batch = {slice_.step,
                     slice_.step / steps_per_epoch_,
                     slice_.step % steps_per_epoch_,
                     {}};
  const auto specs = plan_->TensorSpecs(slice_.world_size);
  for (Buffer* data : {&image_, &label_, &valid_, &ordinal_, &dataset_index_}) {
    if (data == &dataset_index_ && !output().mixture) continue;
    const v1::TensorSpec& spec = specs[batch.tensors.size()];
    batch.tensors.push_back({spec.name(),
                             spec.dtype(),
                             {spec.shape().begin(), spec.shape().end()},
                             std::make_shared<const Buffer>(std::move(*data))});
  }
  if (output().boxes) {
    AppendAnnotations(output(), std::move(results_), pool_, &batch.tensors);
  }
  return batch;
}

}  // namespace

absl::StatusOr<std::unique_ptr<BatchAssembly>> BatchAssembly::Start(
    std::shared_ptr<const CompiledPlan> plan, const BatchSlice& slice,
    BufferPool* pool) {
  MILLRACE_RETURN_IF_ERROR(plan->CheckRank(slice.rank, slice.world_size));
  return std::make_unique<Assembly>(std::move(plan), slice, pool);
}

absl::StatusOr<HostBatch> MakeBatch(std::shared_ptr<const CompiledPlan> plan,
                                    const BatchSlice& slice, BufferPool* pool) {
  MILLRACE_ASSIGN_OR_RETURN(const auto assembly,
                            BatchAssembly::Start(std::move(plan), slice, pool));
  MILLRACE_RETURN_IF_ERROR(assembly->MakeSamples(0, assembly->num_samples()));
  return assembly->Finish();
}

}  // namespace millrace
