// A plan's transforms, compiled: what happens to one sample.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/memory_budget.h"
#include "image/pack.h"
#include "image/packed.h"
#include "millrace/v1/dataset.pb.h"
#include "millrace/v1/plan.pb.h"
#include "pipeline/annotations.h"
#include "pipeline/decoded_cache.h"
#include "pipeline/pixels.h"
#include "pipeline/plan_limits.h"
#include "pipeline/transforms.h"
#include "storage/sample_store.h"

namespace millrace {

// What every sample becomes.
struct OutputSpec {
  ImageSize size;
  int channels = 3;
  PackSpec pack;
  // Length of a one-hot label; 0: the label is one number.
  uint32_t label_classes = 0;
  // Of a one-hot label, at the class and elsewhere.
  float label_on = 1;
  float label_off = 0;
  bool boxes = false;
  AnnotationOptions annotations;  // As the batch has them, if it has boxes.
  bool mixes_boxes = false;
  // Of several datasets: a batch says which.
  bool mixture = false;

  // As samples have them before they mix.
  AnnotationOptions made() const {
    return mixes_boxes ? annotations.BeforeMixing() : annotations;
  }
  PackedLayout layout() const {
    return {size.width, size.height, channels, pack.type, pack.channels_first};
  }
  uint64_t image_bytes() const {
    return PackedBytes(size.width, size.height, channels, pack);
  }
};

// Immutable, thread-safe.
class SampleRecipe {
 public:
  // Of a canonical plan. INVALID_ARGUMENT: images do not all end in one size,
  // or in one that is too large, or become too large on the way, whatever they
  // are. `decoded` may be null.
  static absl::StatusOr<std::unique_ptr<const SampleRecipe>> Compile(
      const v1::Plan& plan, const v1::DatasetInfo& dataset,
      const PlanLimits& limits, std::shared_ptr<DecodedSamples> decoded,
      std::shared_ptr<MemoryBudget> working);

  const OutputSpec& output() const { return output_; }

  // What the batch needs of a sample. `image` is output().image_bytes() of the
  // batch's memory, of which every byte is written.
  struct Result {
    int64_t label = -1;
    int64_t source_id = 0;
    ImageSize upright;
    SampleAnnotations annotations;
  };

  // DATA_LOSS: bytes that do not decode to what their metadata says; names the
  // sample. INVALID_ARGUMENT: transforms that this image is too thin for.
  // FAILED_PRECONDITION: over `budget`. Waits while other large images take
  // the memory that a large one needs.
  absl::StatusOr<Result> Make(const SampleReader& store, uint64_t ordinal,
                              const SamplePlace& place, RaggedBudget* budget,
                              uint8_t* image) const;

  // Asks the CPU's caches for a sample that will soon be made, if it is kept
  // decoded. Never waits.
  void Prefetch(uint64_t ordinal) const;

 private:
  SampleRecipe(const v1::Plan& plan, const v1::DatasetInfo& dataset,
               std::shared_ptr<DecodedSamples> decoded,
               std::shared_ptr<MemoryBudget> working);

  absl::StatusOr<Result> MakeFrom(const Sample& sample,
                                  const SamplePlace& place,
                                  RaggedBudget* budget, uint8_t* image) const;
  absl::Status MakeDecoded(const ImageView& whole, const SamplePlace& place,
                           uint8_t* image) const;
  absl::StatusOr<SampleProgram> ProgramOf(const ImageSize& input,
                                          const SamplePlace& place,
                                          std::vector<Corners> boxes) const;
  ImageSize InputSize(const v1::ImageInfo& image) const;

  const bool ignore_orientation_;
  const bool scaled_decode_;
  const ImageTransforms transforms_;
  OutputSpec output_;
  const AnnotationRecipe annotations_;
  const std::shared_ptr<DecodedSamples> decoded_;
  const std::shared_ptr<MemoryBudget> working_;
};

}  // namespace millrace
