// Transforms that write over a part of the finished image.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "image/packed.h"
#include "pipeline/transform_op.h"
#include "pipeline/transform_rules.h"

namespace millrace {

class RandomErasingOp final : public TransformOp {
 public:
  explicit RandomErasingOp(const v1::RandomErasing& erasing);

  void Add(RandomDraws* draws, SampleProgram* program) const override;

  // The rectangle to write over, smaller than the image on both sides; none if
  // ten tries gave none.
  std::optional<Rect> PartOf(const ImageSize& size, RandomDraws* draws) const;

 private:
  const double probability_;
  const double scale_[2];
  const double log_ratio_[2];
  const bool random_;
  std::array<float, 3> value_;
};

absl::Status Check(TransformRules* rules, v1::RandomErasing* erasing);

std::unique_ptr<const TransformOp> Compile(const v1::RandomErasing& erasing);

}  // namespace millrace
