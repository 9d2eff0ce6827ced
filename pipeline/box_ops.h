// Transforms that look at a sample's boxes.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "pipeline/transform_op.h"
#include "pipeline/transform_rules.h"

namespace millrace {

absl::Status Check(TransformRules* rules, v1::RandomIoUCrop* crop);
absl::Status Check(TransformRules* rules, v1::SanitizeBoundingBoxes* sanitize);

std::unique_ptr<const TransformOp> Compile(const v1::RandomIoUCrop& crop);
std::unique_ptr<const TransformOp> Compile(
    const v1::SanitizeBoundingBoxes& sanitize);

}  // namespace millrace
