// Transforms that choose among others: RandAugment, TrivialAugment and
// AutoAugment. Annotations follow what moves pixels.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "pipeline/transform_op.h"
#include "pipeline/transform_rules.h"

namespace millrace {

absl::Status Check(TransformRules* rules, v1::RandAugment* augment);
absl::Status Check(TransformRules* rules, v1::TrivialAugmentWide* augment);
absl::Status Check(TransformRules* rules, v1::AutoAugment* augment);

std::unique_ptr<const TransformOp> Compile(const v1::RandAugment& augment);
std::unique_ptr<const TransformOp> Compile(
    const v1::TrivialAugmentWide& augment);
std::unique_ptr<const TransformOp> Compile(const v1::AutoAugment& augment);

}  // namespace millrace
