#include "pipeline/epoch_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <vector>

namespace millrace {
namespace {

TEST(PermutationTest, IsABijectionAtEverySmallSize) {
  for (uint64_t size = 1; size <= 300; ++size) {
    const Permutation permutation(size, size * 7, 3);
    std::set<uint64_t> images;
    for (uint64_t i = 0; i < size; ++i) images.insert(permutation(i));
    ASSERT_EQ(images.size(), size);
    ASSERT_LT(*images.rbegin(), size);
  }
}

TEST(PermutationTest, IsABijectionAroundPowersOfTwo) {
  for (const uint64_t size : {1000, 1023, 1024, 1025, 60000, (1 << 20) + 7}) {
    const Permutation permutation(size, 42, 0);
    std::vector<bool> seen(size);
    for (uint64_t i = 0; i < size; ++i) {
      const uint64_t image = permutation(i);
      ASSERT_LT(image, size);
      ASSERT_FALSE(seen[image]) << size << " " << i;
      seen[image] = true;
    }
  }
}

TEST(PermutationTest, StaysInsideAndApartAtTheLargestSize) {
  const uint64_t size = uint64_t{1} << 48;
  const Permutation permutation(size, 1, 1);
  std::set<uint64_t> images;
  for (uint64_t i = 0; i < 1000; ++i) {
    images.insert(permutation(i));
    images.insert(permutation(size - 1 - i));
  }
  EXPECT_EQ(images.size(), 2000);
  EXPECT_LT(*images.rbegin(), size);
  // Spread over all of it.
  EXPECT_LT(*images.begin(), size / 100);
  EXPECT_GT(*images.rbegin(), size / 100 * 99);
}

// 120,000 seeds, 120 permutations: a uniform choice gives a chi-square of 119
// with a deviation of 15.4.
TEST(PermutationTest, ChoosesAllPermutationsOfFiveEquallyOften) {
  constexpr int kSeeds = 120000;
  std::map<std::array<uint64_t, 5>, int> counts;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const Permutation permutation(5, seed, seed % 4);
    std::array<uint64_t, 5> images;
    for (int i = 0; i < 5; ++i) images[i] = permutation(i);
    ++counts[images];
  }
  ASSERT_EQ(counts.size(), 120);
  const double expected = kSeeds / 120.0;
  double chi_square = 0;
  for (const auto& [images, count] : counts) {
    chi_square += (count - expected) * (count - expected) / expected;
  }
  EXPECT_LT(chi_square, 119 + 4 * 15.4);
  EXPECT_GT(chi_square, 119 - 4 * 15.4);
}

TEST(PlainOrderTest, SequentialIsByOrdinalInEveryEpoch) {
  const PlainOrder order(10, std::nullopt, false, 5);
  for (uint64_t i = 0; i < 10; ++i) {
    EXPECT_EQ(order.OrdinalAt(0, i), i);
    EXPECT_EQ(order.OrdinalAt(9, i), i);
  }
}

TEST(PlainOrderTest, EpochsAndSeedsShuffleDifferently) {
  const PlainOrder order(1000, std::nullopt, true, 5);
  const PlainOrder other(1000, std::nullopt, true, 6);
  int same_in_epochs = 0;
  int same_in_seeds = 0;
  for (uint64_t i = 0; i < 1000; ++i) {
    same_in_epochs += order.OrdinalAt(0, i) == order.OrdinalAt(1, i);
    same_in_seeds += order.OrdinalAt(0, i) == other.OrdinalAt(0, i);
  }
  EXPECT_LT(same_in_epochs, 10);  // One is expected.
  EXPECT_LT(same_in_seeds, 10);
}

TEST(PlainOrderTest, EveryEpochVisitsEachSelectedSampleOnce) {
  OrdinalSet selected;
  for (const uint64_t ordinal : {3ull, 70000ull, 5ull, 1ull << 33, 9ull}) {
    selected.add(uint64_t{ordinal});
  }
  const PlainOrder order(uint64_t{1} << 34, selected, true, 1);
  ASSERT_EQ(order.positions(), 5);
  for (uint64_t epoch = 0; epoch < 20; ++epoch) {
    std::set<uint64_t> seen;
    for (uint64_t i = 0; i < 5; ++i) seen.insert(order.OrdinalAt(epoch, i));
    EXPECT_EQ(seen, (std::set<uint64_t>{3, 5, 9, 70000, uint64_t{1} << 33}));
  }
}

TEST(PlainOrderTest, ASelectionIsInOrderWithoutShuffle) {
  OrdinalSet selected;
  for (const uint64_t ordinal : {30, 10, 20}) selected.add(ordinal);
  const PlainOrder order(100, selected, false, 1);
  EXPECT_EQ(order.OrdinalAt(4, 0), 10);
  EXPECT_EQ(order.OrdinalAt(4, 1), 20);
  EXPECT_EQ(order.OrdinalAt(4, 2), 30);
}

TEST(PlainOrderTest, ManyPositionsAtOnceAreTheSameAsOneByOne) {
  OrdinalSet selected;
  for (uint64_t i = 0; i < 500; ++i) selected.add(i * i);
  const PlainOrder order(250'000, selected, true, 9);
  const std::vector<uint64_t> ordinals = order.OrdinalsAt(2, 100, 300);
  ASSERT_EQ(ordinals.size(), 300);
  for (size_t i = 0; i < ordinals.size(); ++i) {
    EXPECT_EQ(ordinals[i], order.OrdinalAt(2, 100 + i));
  }
  EXPECT_TRUE(order.OrdinalsAt(2, 500, 0).empty());
}

// Saved loader states depend on these for ever.
TEST(PlainOrderTest, TheOrderIsPinned) {
  const PlainOrder order(60000, std::nullopt, true, 2024);
  std::vector<uint64_t> ordinals;
  for (uint64_t i = 0; i < 4; ++i) ordinals.push_back(order.OrdinalAt(3, i));
  EXPECT_EQ(ordinals, (std::vector<uint64_t>{46429, 1178, 52931, 39381}));
}

}  // namespace
}  // namespace millrace
