// Transforms that rotate, shear and tilt an image.
#pragma once

#include <array>
#include <memory>

#include "absl/status/status.h"
#include "image/projective_map.h"
#include "pipeline/transform_op.h"
#include "pipeline/transform_rules.h"

namespace millrace {

// One affine transform, in torchvision's words; angles in degrees.
struct AffineChoice {
  double angle = 0;  // Clockwise.
  double translate_x = 0;
  double translate_y = 0;
  double scale = 1;
  double shear_x = 0;
  double shear_y = 0;
};

// From output to input, torchvision's _get_inverse_affine_matrix.
ProjectiveMap AffineToInput(const AffineChoice& choice, const Point& center);

// A rotation counter-clockwise by `angle` degrees, Pillow's Image.rotate. The
// output is `*size`, which becomes that of the whole rotated image if `expand`.
ProjectiveMap RotationToInput(double angle, const Point& center, bool expand,
                              ImageSize* size);

absl::Status Check(TransformRules* rules, v1::RandomRotation* rotation);
absl::Status Check(TransformRules* rules, v1::RandomAffine* affine);
absl::Status Check(TransformRules* rules, v1::RandomPerspective* perspective);

std::unique_ptr<const TransformOp> Compile(const v1::RandomRotation& rotation);
std::unique_ptr<const TransformOp> Compile(const v1::RandomAffine& affine);
std::unique_ptr<const TransformOp> Compile(
    const v1::RandomPerspective& perspective);

}  // namespace millrace
