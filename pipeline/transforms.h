// The geometric transforms of a plan, compiled: for a sample of some size at
// some position, the geometry that they make. torchvision's arithmetic.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "millrace/v1/plan.pb.h"
#include "pipeline/geometry.h"

namespace millrace {

struct ImageSize {
  int width = 0;
  int height = 0;
  bool operator==(const ImageSize&) const = default;
};

struct ResizeOp {
  // Of the output, or absent if `short_side` rules.
  std::optional<ImageSize> size;
  int short_side = 0;
  int max_size = 0;  // 0: none.
  Interpolation interpolation = Interpolation::kBilinear;

  // Sides are at least 1, and capped far above any image so as not to wrap.
  ImageSize SizeFor(const ImageSize& input) const;
};

struct CenterCropOp {
  ImageSize size;

  Rect CropOf(const ImageSize& input) const;
};

struct RandomResizedCropOp {
  ImageSize size;
  double scale[2];
  double ratio[2];
  Interpolation interpolation = Interpolation::kBilinear;

  // Where the crop lies; ten tries, then the largest central crop of a ratio
  // in range.
  Rect CropOf(const ImageSize& input, class RandomDraws* draws) const;
};

struct FlipOp {
  double probability = 0;
};

// Where a sample stands in its plan, for random choices.
struct SamplePlace {
  uint64_t seed = 0;
  uint64_t epoch = 0;
  uint64_t position = 0;
};

// Immutable.
class ImageTransforms {
 public:
  // `plan` is canonical (see canonical_plan.h). Others of its transforms are
  // passed over.
  explicit ImageTransforms(const v1::Plan& plan);

  Geometry GeometryOf(const ImageSize& input, const SamplePlace& place) const;

  // The size that all outputs have; `input` is the size of every image, absent
  // if they differ. Absent if outputs differ too.
  std::optional<ImageSize> FixedOutputSize(
      std::optional<ImageSize> input) const;

 private:
  struct Step {
    std::variant<ResizeOp, CenterCropOp, RandomResizedCropOp, FlipOp> op;
    uint8_t place;  // Index into the plan's transforms.
  };
  std::vector<Step> steps_;
};

}  // namespace millrace
