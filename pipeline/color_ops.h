// Transforms that change colours and move nothing. Annotations stay as they
// are.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "image/convolve.h"
#include "pipeline/transform_op.h"
#include "pipeline/transform_rules.h"

namespace millrace {

// torchvision's kernel: `size` weights, odd, of a Gaussian that is cut off
// where the kernel ends.
std::vector<double> GaussianWeights(int size, double sigma);

absl::Status Check(TransformRules* rules, v1::ColorJitter* jitter);
absl::Status Check(TransformRules* rules, v1::Grayscale* gray);
absl::Status Check(TransformRules* rules, v1::RandomGrayscale* grayscale);
absl::Status Check(TransformRules* rules, v1::GaussianBlur* blur);
absl::Status Check(TransformRules* rules, v1::RandomInvert* invert);
absl::Status Check(TransformRules* rules, v1::RandomPosterize* posterize);
absl::Status Check(TransformRules* rules, v1::RandomSolarize* solarize);
absl::Status Check(TransformRules* rules, v1::RandomAutocontrast* autocontrast);
absl::Status Check(TransformRules* rules, v1::RandomEqualize* equalize);
absl::Status Check(TransformRules* rules, v1::RandomAdjustSharpness* sharpness);

std::unique_ptr<const TransformOp> Compile(const v1::ColorJitter& jitter);
std::unique_ptr<const TransformOp> Compile(const v1::Grayscale& gray);
std::unique_ptr<const TransformOp> Compile(
    const v1::RandomGrayscale& grayscale);
std::unique_ptr<const TransformOp> Compile(const v1::GaussianBlur& blur);
std::unique_ptr<const TransformOp> Compile(const v1::RandomInvert& invert);
std::unique_ptr<const TransformOp> Compile(
    const v1::RandomPosterize& posterize);
std::unique_ptr<const TransformOp> Compile(const v1::RandomSolarize& solarize);
std::unique_ptr<const TransformOp> Compile(
    const v1::RandomAutocontrast& autocontrast);
std::unique_ptr<const TransformOp> Compile(const v1::RandomEqualize& equalize);
std::unique_ptr<const TransformOp> Compile(
    const v1::RandomAdjustSharpness& sharpness);

}  // namespace millrace
