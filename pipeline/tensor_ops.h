// Transforms of what the tensors hold: type, scale, labels. They change no
// pixel of the image on its way; PackSpecOf and OutputOf (sample_recipe.cc)
// read them.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "pipeline/transform_op.h"
#include "pipeline/transform_rules.h"

namespace millrace {

absl::Status Check(TransformRules* rules, v1::ToDtype* to_dtype);
absl::Status Check(TransformRules* rules, v1::Normalize* normalize);
absl::Status Check(TransformRules* rules, v1::OneHot* one_hot);
absl::Status Check(TransformRules* rules, v1::LabelSmoothing* smoothing);

// Null: there is nothing to do for the image.
std::unique_ptr<const TransformOp> Compile(const v1::ToDtype& to_dtype);
std::unique_ptr<const TransformOp> Compile(const v1::Normalize& normalize);
std::unique_ptr<const TransformOp> Compile(const v1::OneHot& one_hot);
std::unique_ptr<const TransformOp> Compile(const v1::LabelSmoothing& smoothing);

}  // namespace millrace
