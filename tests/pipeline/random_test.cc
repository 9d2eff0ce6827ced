#include "pipeline/random.h"

#include <gtest/gtest.h>

#include <set>

namespace millrace {
namespace {

// From the Random123 distribution, kat_vectors, "philox4x32 10".
TEST(PhiloxTest, GivesItsAuthorsKnownAnswers) {
  EXPECT_EQ(Philox4x32({0, 0, 0, 0}, {0, 0}),
            (PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                       {0xffffffff, 0xffffffff}),
            (PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                       {0xa4093822, 0x299f31d0}),
            (PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomDrawsTest, EveryPlaceAndDrawGivesItsOwnNumber) {
  std::set<uint64_t> seen;
  int draws = 0;
  const auto draw = [&](const RandomPlace& place) {
    RandomDraws random(place);
    for (int i = 0; i < 3; ++i, ++draws) seen.insert(random.Bits());
  };
  for (const uint64_t high : {uint64_t{1}, uint64_t{1} << 33}) {
    draw({.seed = high});
    draw({.epoch = high});
    draw({.position = high});
  }
  draw({.position = uint64_t{1} << 47});
  draw({});
  draw({.op = 1});
  draw({.op = 255});
  EXPECT_EQ(seen.size(), draws);
}

TEST(RandomDrawsTest, ManyDrawsOfOnePlaceAreAllDifferent) {
  std::set<uint64_t> seen;
  RandomDraws random({.epoch = 3, .position = 4, .op = 5});
  for (int i = 0; i < 200'000; ++i) seen.insert(random.Bits());
  EXPECT_EQ(seen.size(), 200'000);
}

TEST(RandomDrawsTest, TheSamePlaceGivesTheSameNumbers) {
  const RandomPlace place = {.seed = 1, .epoch = 2, .position = 3, .op = 4};
  RandomDraws a(place);
  RandomDraws b(place);
  for (int i = 0; i < 512; ++i) EXPECT_EQ(a.Bits(), b.Bits());
}

TEST(RandomDrawsTest, UniformFillsTheUnitIntervalEvenly) {
  constexpr int kCells = 64;
  constexpr int kDraws = 64 * 1000;
  int counts[kCells] = {};
  for (int i = 0; i < kDraws; ++i) {
    const double value =
        RandomDraws({.seed = 5, .position = uint64_t(i)}).Uniform();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    ++counts[static_cast<int>(value * kCells)];
  }
  double chi_square = 0;
  for (const int count : counts) {
    chi_square += (count - 1000.0) * (count - 1000.0) / 1000;
  }
  EXPECT_LT(chi_square, 63 + 4 * 11.2);  // Mean and four deviations.
}

}  // namespace
}  // namespace millrace
