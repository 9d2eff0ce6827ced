#include "pipeline/portable_math.h"

#include <cstdint>
#include <cstring>

namespace millrace {

namespace {

// ln 2 in two parts; kLn2High has enough zero bits that k * kLn2High is exact.
constexpr double kLn2High = 6.93147180369123816490e-01;
constexpr double kLn2Low = 1.90821492927058770002e-10;
constexpr double kSqrtHalf = 0.70710678118654752440;
constexpr int kExponentBias = 1023;
constexpr int kMantissaBits = 52;

// 2^k for normal results.
double PowerOfTwo(int k) {
  const uint64_t bits = static_cast<uint64_t>(k + kExponentBias)
                        << kMantissaBits;
  double value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

// x = fraction * 2^exponent with fraction in [0.5, 1).
double Split(double x, int* exponent) {
  uint64_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  *exponent = static_cast<int>(bits >> kMantissaBits) - (kExponentBias - 1);
  return x / PowerOfTwo(*exponent - 1) * 0.5;
}

// pi / 2 in three parts; the first two have enough zero bits that a quarter's
// number times them is exact.
constexpr double kHalfPi[3] = {1.57079632673412561417e+00,
                               6.07710050630396597660e-11,
                               2.02226624879595063154e-21};

// x = quarters * pi / 2 + rest, |rest| <= pi / 4; quarter = quarters mod 4.
struct Reduced {
  int quarter;
  double rest;
};

Reduced Reduce(double x) {
  const double quarters = RoundHalfEven(x * 0.63661977236758134308);
  const double rest = ((x - quarters * kHalfPi[0]) - quarters * kHalfPi[1]) -
                      quarters * kHalfPi[2];
  return {static_cast<int>(static_cast<int64_t>(quarters) & 3), rest};
}

// Taylor's series, |x| <= pi / 4: the first terms left out are below 2^-60.
double SinSeries(double x) {
  const double square = x * x;
  double series = 0;
  for (int n = 18; n >= 2; n -= 2) {
    series = (series + 1) * (-square / (n * (n + 1)));
  }
  return x + x * series;
}

double CosSeries(double x) {
  const double square = x * x;
  double series = 0;
  for (int n = 17; n >= 1; n -= 2) {
    series = (series + 1) * (-square / (n * (n + 1)));
  }
  return 1 + series;
}

}  // namespace

double PortableLog(double x) {
  int exponent;
  double fraction = Split(x, &exponent);
  if (fraction < kSqrtHalf) {
    fraction *= 2;
    --exponent;
  }
  // log f = 2 atanh((f - 1) / (f + 1)), |s| < 0.172: the first term left out
  // is below 2^-56 of the sum.
  const double s = (fraction - 1) / (fraction + 1);
  const double square = s * s;
  double series = 0;
  for (int n = 23; n >= 3; n -= 2) series = (series + 1.0 / n) * square;
  const double tail = 2 * s * series + exponent * kLn2Low;
  return exponent * kLn2High + (2 * s + tail);
}

double PortableExp(double x) {
  const double k = RoundHalfEven(x * 1.44269504088896340736);
  const double r = (x - k * kLn2High) - k * kLn2Low;
  // Taylor's series, |r| < 0.347: the first term left out is below 2^-57.
  double series = 0;
  for (int n = 14; n >= 1; --n) series = (series + 1) * (r / n);
  return (1 + series) * PowerOfTwo(static_cast<int>(k));
}

double PortableSin(double x) {
  const Reduced reduced = Reduce(x);
  switch (reduced.quarter) {
    case 0:
      return SinSeries(reduced.rest);
    case 1:
      return CosSeries(reduced.rest);
    case 2:
      return -SinSeries(reduced.rest);
    default:
      return -CosSeries(reduced.rest);
  }
}

double PortableCos(double x) {
  const Reduced reduced = Reduce(x);
  switch (reduced.quarter) {
    case 0:
      return CosSeries(reduced.rest);
    case 1:
      return -SinSeries(reduced.rest);
    case 2:
      return -CosSeries(reduced.rest);
    default:
      return SinSeries(reduced.rest);
  }
}

double RoundHalfEven(double x) {
  // At this magnitude a double has no bits for a fraction left.
  const double magic = x < 0 ? -0x1p52 : 0x1p52;
  return (x + magic) - magic;
}

}  // namespace millrace
