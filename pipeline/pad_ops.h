// Transforms that put padding around an image.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "image/pad.h"
#include "pipeline/transform_op.h"
#include "pipeline/transform_rules.h"

namespace millrace {

// Pixels around an image.
struct Borders {
  int left = 0;
  int top = 0;
  int right = 0;
  int bottom = 0;
};

// Checks the `padding` of a message and writes out its four values (none stay
// none), its `fill` and its `padding_mode`.
absl::Status CheckPadding(const TransformRules& rules, Sizes* padding,
                          Sizes* fill, v1::PaddingMode mode);

// Of checked values.
Borders BordersOf(const Sizes& padding);
Padding PaddingOf(const Sizes& fill, v1::PaddingMode mode);

void AddBorders(const Borders& borders, const Padding& padding,
                SampleProgram* program);

absl::Status Check(TransformRules* rules, v1::Pad* pad);
absl::Status Check(TransformRules* rules, v1::LetterBox* letter_box);
absl::Status Check(TransformRules* rules, v1::RandomZoomOut* zoom_out);

std::unique_ptr<const TransformOp> Compile(const v1::Pad& pad);
std::unique_ptr<const TransformOp> Compile(const v1::LetterBox& letter_box);
std::unique_ptr<const TransformOp> Compile(const v1::RandomZoomOut& zoom_out);

}  // namespace millrace
