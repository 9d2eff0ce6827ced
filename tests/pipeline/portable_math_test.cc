#include "pipeline/portable_math.h"

#include <gtest/gtest.h>

#include <cmath>

namespace millrace {
namespace {

TEST(PortableMathTest, LogIsWithinItsBoundOfTheLibrarys) {
  for (double x = 1e-300; x < 1e300; x *= 1.37) {
    const double expected = std::log(x);
    ASSERT_NEAR(PortableLog(x), expected, 1e-15 * std::abs(expected)) << x;
  }
  for (int i = 1; i < 100000; ++i) {
    const double x = i * 1e-4;
    const double expected = std::log(x);
    ASSERT_NEAR(PortableLog(x), expected,
                1e-15 * std::max(1.0, std::abs(expected)))
        << x;
  }
  EXPECT_EQ(PortableLog(1), 0);
}

TEST(PortableMathTest, ExpIsWithinItsBoundOfTheLibrarys) {
  for (double x = -700; x <= 700; x += 0.00731) {
    const double expected = std::exp(x);
    ASSERT_NEAR(PortableExp(x), expected, 1e-15 * expected) << x;
  }
  EXPECT_EQ(PortableExp(0), 1);
}

TEST(PortableMathTest, ExpUndoesLogOverTheRatiosOfCrops) {
  for (double ratio = 1e-3; ratio <= 1e3; ratio *= 1.01) {
    ASSERT_NEAR(PortableExp(PortableLog(ratio)), ratio, 4e-15 * ratio);
  }
}

TEST(PortableMathTest, SinAndCosAreWithinTheirBoundOfTheLibrarys) {
  for (double x = -1e5; x <= 1e5; x += 0.4321) {
    ASSERT_NEAR(PortableSin(x), std::sin(x), 2.3e-16) << x;
    ASSERT_NEAR(PortableCos(x), std::cos(x), 2.3e-16) << x;
  }
  for (double x = -7; x <= 7; x += 1e-4) {
    ASSERT_NEAR(PortableSin(x), std::sin(x), 2.3e-16) << x;
    ASSERT_NEAR(PortableCos(x), std::cos(x), 2.3e-16) << x;
  }
  EXPECT_EQ(PortableSin(0), 0);
  EXPECT_EQ(PortableCos(0), 1);
}

TEST(PortableMathTest, RoundsHalvesToEven) {
  EXPECT_EQ(RoundHalfEven(0.5), 0);
  EXPECT_EQ(RoundHalfEven(1.5), 2);
  EXPECT_EQ(RoundHalfEven(2.5), 2);
  EXPECT_EQ(RoundHalfEven(-0.5), 0);
  EXPECT_EQ(RoundHalfEven(-1.5), -2);
  EXPECT_EQ(RoundHalfEven(2.4999999999), 2);
  EXPECT_EQ(RoundHalfEven(123456.7), 123457);
  EXPECT_EQ(RoundHalfEven(0.49999999999999994), 0);
}

}  // namespace
}  // namespace millrace
