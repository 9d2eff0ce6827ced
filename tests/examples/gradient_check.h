// Gradients as the definition has them, to compare with those of the code.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "examples/cnn/layer.h"

namespace millrace::cnn {

// Values in [-1, 1); no two are closer than 1e-3, so that a maximum, or the
// sign, stays what it is when one of them is changed by less.
std::vector<float> DistinctValues(size_t count, uint64_t seed);

// Expects each gradient[i] to be d f / d values[i], by central differences, to
// within a hundredth of the largest gradient. *values is as before afterwards.
void ExpectGradient(const std::string& what,
                    const std::function<double()>& function,
                    std::vector<float>* values,
                    const std::vector<float>& gradient);

// Both gradients of the layer, for `samples` samples.
void ExpectGradientsOf(const Layer& layer, const Pass& pass);

}  // namespace millrace::cnn
