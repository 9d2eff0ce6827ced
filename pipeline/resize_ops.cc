#include "pipeline/resize_ops.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace millrace {

namespace {

// A side that nothing reaches in earnest; keeps sums of ints from wrapping.
constexpr int64_t kMaxSide = int64_t{1} << 29;

int Side(int64_t value) {
  return static_cast<int>(std::clamp<int64_t>(value, 1, kMaxSide));
}

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
  return portrait ? ImageSize{Side(to_short), Side(to_long)}
                  : ImageSize{Side(to_long), Side(to_short)};
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

}  // namespace millrace
