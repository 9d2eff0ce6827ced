// Draws from distributions other than the uniform one, with the same bits on
// every machine (portable_math.h).
#pragma once

#include "pipeline/random.h"

namespace millrace {

// Normal with mean 0 and variance 1. Source: Marsaglia's polar method.
double NormalOf(RandomDraws* draws);

// Beta(alpha, alpha), in [0, 1]; alpha in [0.001, 1000]. Source: the ratio of
// two gamma variates of Marsaglia and Tsang, "A simple method for generating
// gamma variables" (2000), in logarithms, so that a small alpha does not come
// to 0 / 0.
double SymmetricBetaOf(double alpha, RandomDraws* draws);

}  // namespace millrace
