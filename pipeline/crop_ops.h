// Transforms that cut a part out of an image.
#pragma once

#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "pipeline/transform_op.h"
#include "pipeline/transform_rules.h"

namespace millrace {

class CenterCropOp : public TransformOp {
 public:
  explicit CenterCropOp(const ImageSize& size) : size_(size) {}

  void Add(RandomDraws* draws, SampleProgram* program) const override;
  std::optional<ImageSize> FixedSize(std::optional<ImageSize>) const override {
    return size_;
  }

  Rect CropOf(const ImageSize& input) const;

 private:
  const ImageSize size_;
};

class RandomResizedCropOp : public TransformOp {
 public:
  struct Options {
    ImageSize size;
    double scale[2] = {0.08, 1};
    double ratio[2] = {3.0 / 4, 4.0 / 3};
    Interpolation interpolation = Interpolation::kBilinear;
  };

  explicit RandomResizedCropOp(const Options& options) : options_(options) {}

  void Add(RandomDraws* draws, SampleProgram* program) const override;
  std::optional<ImageSize> FixedSize(std::optional<ImageSize>) const override {
    return options_.size;
  }

  // Where the crop lies; ten tries, then the largest central crop of a ratio
  // in range.
  Rect CropOf(const ImageSize& input, RandomDraws* draws) const;

 private:
  const Options options_;
};

absl::Status Check(TransformRules* rules, v1::CenterCrop* crop);
absl::Status Check(TransformRules* rules, v1::RandomCrop* crop);
absl::Status Check(TransformRules* rules, v1::RandomResizedCrop* crop);

std::unique_ptr<const TransformOp> Compile(const v1::CenterCrop& crop);
std::unique_ptr<const TransformOp> Compile(const v1::RandomCrop& crop);
std::unique_ptr<const TransformOp> Compile(const v1::RandomResizedCrop& crop);

}  // namespace millrace
