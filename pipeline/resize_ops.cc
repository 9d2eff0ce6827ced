#include "pipeline/resize_ops.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace millrace {

namespace {

constexpr double kMinScale = 0.001;
constexpr double kMaxScale = 1000;

ImageSize Scaled(const ImageSize& size, double factor) {
  return {ToSide(static_cast<int64_t>(size.width * factor)),
          ToSide(static_cast<int64_t>(size.height * factor))};
}

class ScaleJitterOp : public TransformOp {
 public:
  explicit ScaleJitterOp(const v1::ScaleJitter& jitter)
      : target_(SizeOf(jitter.target_size())),
        scale_range_{jitter.scale_range(0), jitter.scale_range(1)},
        interpolation_(ToInterpolation(jitter.interpolation())) {}

  void Add(RandomDraws* draws, SampleProgram* program) const override {
    const double fit =
        std::min(static_cast<double>(target_.height) / program->height(),
                 static_cast<double>(target_.width) / program->width());
    const double factor =
        fit * draws->Uniform(scale_range_[0], scale_range_[1]);
    program->Resize(Scaled(program->size(), factor), interpolation_);
  }

  std::optional<ImageSize> FixedSize(std::optional<ImageSize>) const override {
    return std::nullopt;
  }

 private:
  const ImageSize target_;
  const double scale_range_[2];
  const Interpolation interpolation_;
};

class RandomShortestSizeOp : public TransformOp {
 public:
  explicit RandomShortestSizeOp(const v1::RandomShortestSize& shortest)
      : sizes_(shortest.min_size().begin(), shortest.min_size().end()),
        max_size_(shortest.max_size()),
        interpolation_(ToInterpolation(shortest.interpolation())) {}

  void Add(RandomDraws* draws, SampleProgram* program) const override {
    const uint32_t size = sizes_[draws->Below(static_cast<int>(sizes_.size()))];
    const auto [shorter, longer] =
        std::minmax({program->width(), program->height()});
    double factor = static_cast<double>(size) / shorter;
    if (max_size_ > 0) {
      factor = std::min(factor, static_cast<double>(max_size_) / longer);
    }
    program->Resize(Scaled(program->size(), factor), interpolation_);
  }

  std::optional<ImageSize> FixedSize(std::optional<ImageSize>) const override {
    return std::nullopt;
  }

 private:
  const std::vector<uint32_t> sizes_;
  const uint32_t max_size_;
  const Interpolation interpolation_;
};

}  // namespace

ImageSize ResizeOp::SizeFor(const ImageSize& input) const {
  const auto& [size, short_side, max_size, interpolation] = options_;
  if (size) return *size;
  const bool portrait = input.width <= input.height;
  const int64_t from_short = portrait ? input.width : input.height;
  const int64_t from_long = portrait ? input.height : input.width;
  int64_t to_short = short_side;
  int64_t to_long = to_short * from_long / from_short;
  if (max_size > 0 && to_long > max_size) {
    to_short = max_size * to_short / to_long;
    to_long = max_size;
  }
  return portrait ? ImageSize{ToSide(to_short), ToSide(to_long)}
                  : ImageSize{ToSide(to_long), ToSide(to_short)};
}

void ResizeOp::Add(RandomDraws*, SampleProgram* program) const {
  program->Resize(SizeFor(program->size()), options_.interpolation);
}

std::optional<ImageSize> ResizeOp::FixedSize(
    std::optional<ImageSize> input) const {
  if (options_.size) return options_.size;
  if (input) return SizeFor(*input);
  return std::nullopt;
}

absl::Status Check(TransformRules* rules, v1::Resize* resize) {
  MILLRACE_RETURN_IF_ERROR(rules->CheckBefore8BitEnds());
  MILLRACE_RETURN_IF_ERROR(rules->CheckSize(resize->size()));
  MILLRACE_RETURN_IF_ERROR(rules->CheckInterpolation(v1::BILINEAR, resize));
  const uint32_t max_size = resize->max_size();
  if (max_size == 0) return absl::OkStatus();
  if (resize->size_size() == 2) {
    return rules->Wrong(
        "max_size goes with one value of size; with two, leave it out");
  }
  if (max_size <= resize->size(0) || max_size > rules->limits().max_side) {
    return rules->Wrong(absl::StrCat(
        "max_size ", max_size, " is out of range; it must be above size, ",
        resize->size(0), ", and at most ", rules->limits().max_side));
  }
  return absl::OkStatus();
}

absl::Status Check(TransformRules* rules, v1::ScaleJitter* jitter) {
  MILLRACE_RETURN_IF_ERROR(rules->CheckBefore8BitEnds());
  MILLRACE_RETURN_IF_ERROR(
      rules->CheckSize(jitter->target_size(), "target_size"));
  WriteBothSides(jitter->mutable_target_size());
  SetIfEmpty({0.1, 2.0}, jitter->mutable_scale_range());
  if (!IsRange(jitter->scale_range(), kMinScale, kMaxScale)) {
    return rules->Wrong(
        absl::StrCat("scale_range ", List(jitter->scale_range()),
                     " is no range; give two factors, ", kMinScale,
                     " <= lower <= upper <= ", kMaxScale));
  }
  return rules->CheckInterpolation(v1::BILINEAR, jitter);
}

absl::Status Check(TransformRules* rules, v1::RandomShortestSize* shortest) {
  MILLRACE_RETURN_IF_ERROR(rules->CheckBefore8BitEnds());
  if (shortest->min_size().empty()) {
    return rules->Wrong("min_size is empty; give the sizes to draw from");
  }
  for (const uint32_t side : shortest->min_size()) {
    MILLRACE_RETURN_IF_ERROR(rules->CheckSide(side, "min_size"));
  }
  if (shortest->max_size() > 0) {
    MILLRACE_RETURN_IF_ERROR(
        rules->CheckSide(shortest->max_size(), "max_size"));
  }
  return rules->CheckInterpolation(v1::BILINEAR, shortest);
}

std::unique_ptr<const TransformOp> Compile(const v1::Resize& resize) {
  ResizeOp::Options options;
  options.interpolation = ToInterpolation(resize.interpolation());
  options.max_size = static_cast<int>(resize.max_size());
  if (resize.size_size() == 2) {
    options.size = SizeOf(resize.size());
  } else {
    options.short_side = static_cast<int>(resize.size(0));
  }
  return std::make_unique<ResizeOp>(options);
}

std::unique_ptr<const TransformOp> Compile(const v1::ScaleJitter& jitter) {
  return std::make_unique<ScaleJitterOp>(jitter);
}

std::unique_ptr<const TransformOp> Compile(
    const v1::RandomShortestSize& shortest) {
  return std::make_unique<RandomShortestSizeOp>(shortest);
}

}  // namespace millrace
