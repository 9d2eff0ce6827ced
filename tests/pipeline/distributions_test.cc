#include "pipeline/distributions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace millrace {
namespace {

struct Moments {
  double mean;
  double variance;
};

Moments MomentsOf(const std::function<double(RandomDraws*)>& draw) {
  constexpr int kDraws = 40'000;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    RandomDraws draws({.seed = 5, .position = static_cast<uint64_t>(i)});
    const double value = draw(&draws);
    sum += value;
    squares += value * value;
  }
  const double mean = sum / kDraws;
  return {mean, squares / kDraws - mean * mean};
}

TEST(DistributionsTest, NormalHasMeanZeroAndVarianceOne) {
  const Moments moments = MomentsOf(NormalOf);
  EXPECT_NEAR(moments.mean, 0, 0.02);
  EXPECT_NEAR(moments.variance, 1, 0.03);
}

TEST(DistributionsTest, SymmetricBetaHasItsMoments) {
  for (const double alpha : {0.2, 0.5, 1.0, 3.0, 50.0}) {
    const Moments moments = MomentsOf(
        [alpha](RandomDraws* draws) { return SymmetricBetaOf(alpha, draws); });
    EXPECT_NEAR(moments.mean, 0.5, 0.01) << alpha;
    EXPECT_NEAR(moments.variance * 4 * (2 * alpha + 1), 1, 0.04) << alpha;
  }
}

TEST(DistributionsTest, SymmetricBetaOfOneIsUniform) {
  int below[4] = {};
  for (uint64_t i = 0; i < 10'000; ++i) {
    RandomDraws draws({.seed = 9, .position = i});
    ++below[static_cast<int>(4 * SymmetricBetaOf(1, &draws))];
  }
  for (const int count : below) EXPECT_NEAR(count, 2500, 200);
}

TEST(DistributionsTest, TheSmallestAlphaGivesZerosAndOnes) {
  double sum = 0;
  for (uint64_t i = 0; i < 2000; ++i) {
    RandomDraws draws({.seed = 2, .position = i});
    const double value = SymmetricBetaOf(0.001, &draws);
    ASSERT_GE(value, 0);
    ASSERT_LE(value, 1);
    sum += value;
  }
  EXPECT_NEAR(sum / 2000, 0.5, 0.06);
}

}  // namespace
}  // namespace millrace
