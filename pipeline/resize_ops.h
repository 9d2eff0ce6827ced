// Transforms that change an image's size.
#pragma once

#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "pipeline/transform_op.h"
#include "pipeline/transform_rules.h"

namespace millrace {

class ResizeOp : public TransformOp {
 public:
  struct Options {
    // Of the output, or absent if `short_side` rules.
    std::optional<ImageSize> size;
    int short_side = 0;
    int max_size = 0;  // 0: none.
    Interpolation interpolation = Interpolation::kBilinear;
  };

  explicit ResizeOp(const Options& options) : options_(options) {}

  void Add(RandomDraws* draws, SampleProgram* program) const override;
  std::optional<ImageSize> FixedSize(
      std::optional<ImageSize> input) const override;

  // Sides are at least 1, and capped far above any image so as not to wrap.
  ImageSize SizeFor(const ImageSize& input) const;

 private:
  const Options options_;
};

absl::Status Check(TransformRules* rules, v1::Resize* resize);
absl::Status Check(TransformRules* rules, v1::ScaleJitter* jitter);
absl::Status Check(TransformRules* rules, v1::RandomShortestSize* shortest);

std::unique_ptr<const TransformOp> Compile(const v1::Resize& resize);
std::unique_ptr<const TransformOp> Compile(const v1::ScaleJitter& jitter);
std::unique_ptr<const TransformOp> Compile(
    const v1::RandomShortestSize& shortest);

}  // namespace millrace
