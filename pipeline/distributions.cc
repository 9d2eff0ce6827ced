#include "pipeline/distributions.h"

#include <algorithm>
#include <cmath>

#include "pipeline/portable_math.h"

namespace millrace {

namespace {

// The logarithm of a number in (0, 1].
double LogOfUniform(RandomDraws* draws) {
  return PortableLog(1 - draws->Uniform());
}

// The logarithm of a Gamma(shape, 1) variate; shape at least 1.
double LogOfLargeGamma(double shape, RandomDraws* draws) {
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = NormalOf(draws);
    const double root = 1 + c * x;
    if (root <= 0) continue;
    const double v = root * root * root;
    const double log_v = PortableLog(v);
    if (LogOfUniform(draws) < 0.5 * x * x + d - d * v + d * log_v) {
      return PortableLog(d) + log_v;
    }
  }
}

double LogOfGamma(double shape, RandomDraws* draws) {
  if (shape >= 1) return LogOfLargeGamma(shape, draws);
  const double large = LogOfLargeGamma(shape + 1, draws);
  return large + LogOfUniform(draws) / shape;
}

}  // namespace

double NormalOf(RandomDraws* draws) {
  while (true) {
    const double u = draws->Uniform(-1, 1);
    const double v = draws->Uniform(-1, 1);
    const double square = u * u + v * v;
    if (square > 0 && square < 1) {
      return u * std::sqrt(-2 * PortableLog(square) / square);
    }
  }
}

double SymmetricBetaOf(double alpha, RandomDraws* draws) {
  const double one = LogOfGamma(alpha, draws);
  const double other = LogOfGamma(alpha, draws);
  // one / (one + other), of their logarithms.
  return 1 / (1 + PortableExp(std::clamp(other - one, -700.0, 700.0)));
}

}  // namespace millrace
