// The policies that AutoAugment found. Source: Cubuk, Zoph, Mane, Vasudevan,
// Le, "AutoAugment: learning augmentation strategies from data" (CVPR 2019),
// appendix, as torchvision writes them.
#pragma once

#include <array>

#include "millrace/v1/plan.pb.h"
#include "pipeline/augmentations.h"

namespace millrace {

struct PolicyStep {
  Augmentation augmentation;
  double probability;
  int bin;  // Of kAutoAugmentBins; -1: it has no magnitude.
};

inline constexpr int kAutoAugmentBins = 10;

// One is chosen for a sample, and its two steps taken in turn.
using AutoAugmentPolicies = std::array<std::array<PolicyStep, 2>, 25>;

const AutoAugmentPolicies& PoliciesOf(v1::AutoAugment::Policy policy);

}  // namespace millrace
