// Transforms that mirror an image.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "pipeline/transform_op.h"
#include "pipeline/transform_rules.h"

namespace millrace {

absl::Status Check(TransformRules* rules, v1::RandomHorizontalFlip* flip);
absl::Status Check(TransformRules* rules, v1::RandomVerticalFlip* flip);

std::unique_ptr<const TransformOp> Compile(
    const v1::RandomHorizontalFlip& flip);
std::unique_ptr<const TransformOp> Compile(const v1::RandomVerticalFlip& flip);

}  // namespace millrace
