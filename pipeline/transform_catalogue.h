// All transforms there are. A new one is a line here, beside its family.
#pragma once

#include "pipeline/augment_ops.h"
#include "pipeline/box_ops.h"
#include "pipeline/color_ops.h"
#include "pipeline/crop_ops.h"
#include "pipeline/erasing_ops.h"
#include "pipeline/flip_ops.h"
#include "pipeline/mixing_ops.h"
#include "pipeline/pad_ops.h"
#include "pipeline/resize_ops.h"
#include "pipeline/tensor_ops.h"
#include "pipeline/warp_ops.h"

namespace millrace {

// visitor(message) of the op that is set, whose message it may change. Without
// one, an empty result.
template <typename Visitor>
auto VisitTransform(v1::Transform* transform, const Visitor& visitor)
    -> decltype(visitor(transform->mutable_resize())) {
  switch (transform->op_case()) {
    case v1::Transform::kResize:
      return visitor(transform->mutable_resize());
    case v1::Transform::kCenterCrop:
      return visitor(transform->mutable_center_crop());
    case v1::Transform::kRandomResizedCrop:
      return visitor(transform->mutable_random_resized_crop());
    case v1::Transform::kRandomHorizontalFlip:
      return visitor(transform->mutable_random_horizontal_flip());
    case v1::Transform::kToDtype:
      return visitor(transform->mutable_to_dtype());
    case v1::Transform::kNormalize:
      return visitor(transform->mutable_normalize());
    case v1::Transform::kOneHot:
      return visitor(transform->mutable_one_hot());
    case v1::Transform::kRandomVerticalFlip:
      return visitor(transform->mutable_random_vertical_flip());
    case v1::Transform::kPad:
      return visitor(transform->mutable_pad());
    case v1::Transform::kRandomCrop:
      return visitor(transform->mutable_random_crop());
    case v1::Transform::kLetterBox:
      return visitor(transform->mutable_letter_box());
    case v1::Transform::kScaleJitter:
      return visitor(transform->mutable_scale_jitter());
    case v1::Transform::kRandomShortestSize:
      return visitor(transform->mutable_random_shortest_size());
    case v1::Transform::kRandomRotation:
      return visitor(transform->mutable_random_rotation());
    case v1::Transform::kRandomAffine:
      return visitor(transform->mutable_random_affine());
    case v1::Transform::kRandomPerspective:
      return visitor(transform->mutable_random_perspective());
    case v1::Transform::kRandomIouCrop:
      return visitor(transform->mutable_random_iou_crop());
    case v1::Transform::kRandomZoomOut:
      return visitor(transform->mutable_random_zoom_out());
    case v1::Transform::kSanitizeBoundingBoxes:
      return visitor(transform->mutable_sanitize_bounding_boxes());
    case v1::Transform::kColorJitter:
      return visitor(transform->mutable_color_jitter());
    case v1::Transform::kGrayscale:
      return visitor(transform->mutable_grayscale());
    case v1::Transform::kRandomGrayscale:
      return visitor(transform->mutable_random_grayscale());
    case v1::Transform::kGaussianBlur:
      return visitor(transform->mutable_gaussian_blur());
    case v1::Transform::kRandomInvert:
      return visitor(transform->mutable_random_invert());
    case v1::Transform::kRandomPosterize:
      return visitor(transform->mutable_random_posterize());
    case v1::Transform::kRandomSolarize:
      return visitor(transform->mutable_random_solarize());
    case v1::Transform::kRandomAutocontrast:
      return visitor(transform->mutable_random_autocontrast());
    case v1::Transform::kRandomEqualize:
      return visitor(transform->mutable_random_equalize());
    case v1::Transform::kRandomAdjustSharpness:
      return visitor(transform->mutable_random_adjust_sharpness());
    case v1::Transform::kRandomErasing:
      return visitor(transform->mutable_random_erasing());
    case v1::Transform::kRandAugment:
      return visitor(transform->mutable_rand_augment());
    case v1::Transform::kTrivialAugmentWide:
      return visitor(transform->mutable_trivial_augment_wide());
    case v1::Transform::kAutoAugment:
      return visitor(transform->mutable_auto_augment());
    case v1::Transform::kLabelSmoothing:
      return visitor(transform->mutable_label_smoothing());
    case v1::Transform::kMixUp:
      return visitor(transform->mutable_mix_up());
    case v1::Transform::kCutMix:
      return visitor(transform->mutable_cut_mix());
    case v1::Transform::kMosaic:
      return visitor(transform->mutable_mosaic());
    case v1::Transform::kCopyPaste:
      return visitor(transform->mutable_copy_paste());
    case v1::Transform::OP_NOT_SET:
      break;
  }
  return {};
}

}  // namespace millrace
