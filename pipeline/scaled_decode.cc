#include "pipeline/scaled_decode.h"

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "pipeline/transform_rules.h"

namespace millrace {

namespace {

// The interpolation of a transform that resizes.
std::optional<v1::Interpolation> ResizesWith(const v1::Transform& transform) {
  switch (transform.op_case()) {
    case v1::Transform::kResize:
      return transform.resize().interpolation();
    case v1::Transform::kRandomResizedCrop:
      return transform.random_resized_crop().interpolation();
    case v1::Transform::kLetterBox:
      return transform.letter_box().interpolation();
    case v1::Transform::kScaleJitter:
      return transform.scale_jitter().interpolation();
    case v1::Transform::kRandomShortestSize:
      return transform.random_shortest_size().interpolation();
    default:
      return std::nullopt;
  }
}

// It takes a part of the image and no more, or leaves the image alone.
bool OnlyCrops(const v1::Transform& transform) {
  switch (transform.op_case()) {
    case v1::Transform::kCenterCrop:
    case v1::Transform::kRandomCrop:
    case v1::Transform::kRandomIouCrop:
    case v1::Transform::kSanitizeBoundingBoxes:
    case v1::Transform::kOneHot:
    case v1::Transform::kLabelSmoothing:
      return true;
    default:
      return false;
  }
}

absl::Status Wrong(absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("batch.scaled_decode: ", why, ", or leave it out"));
}

}  // namespace

absl::Status CheckScaledDecode(const v1::Plan& plan) {
  if (!plan.batch().scaled_decode()) return absl::OkStatus();
  for (int i = 0; i < plan.transforms_size(); ++i) {
    const v1::Transform& transform = plan.transforms(i);
    const std::string where =
        absl::StrCat("transforms[", i, "] ", NameOf(transform));
    if (const auto interpolation = ResizesWith(transform)) {
      if (interpolation != v1::NEAREST) return absl::OkStatus();
      return Wrong(absl::StrCat(where,
                                " picks single pixels, which a scaled decode "
                                "does not have; use BILINEAR or BICUBIC"));
    }
    if (OnlyCrops(transform)) continue;
    return Wrong(absl::StrCat(where,
                              " works on the image at full size, so it cannot "
                              "be decoded smaller; put a resize before it"));
  }
  return Wrong(
      "no transform resizes images, so all of their pixels are "
      "needed; add one that does, such as random_resized_crop");
}

int DecodeDenominator(const SampleProgram& program) {
  const auto& stage = std::get<GeometryStage>(program.steps().front());
  if (!stage.resized || stage.interpolation == Interpolation::kNearest) {
    return 1;
  }
  int denominator = 8;
  while (denominator > 1 &&
         (int64_t{stage.resized_width} * denominator > stage.crop.width ||
          int64_t{stage.resized_height} * denominator > stage.crop.height)) {
    denominator /= 2;
  }
  return denominator;
}

}  // namespace millrace
