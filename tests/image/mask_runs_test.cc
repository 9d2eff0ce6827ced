#include "image/mask_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace millrace {
namespace {

using testing::ElementsAre;

TEST(MaskRunsTest, RunsWithoutLengthJoinTheirNeighbours) {
  const RunLengthMask mask = {4, 4, {2, 3, 0, 1, 4, 0, 1, 5}};
  EXPECT_THAT(RunsOf(mask), ElementsAre(PixelRun{2, 6}, PixelRun{11, 16}));
  EXPECT_THAT(MaskOf(RunsOf(mask), 4, 4).counts, ElementsAre(2, 4, 5, 5));
  EXPECT_THAT(MaskOf({}, 4, 4).counts, ElementsAre(16));
  EXPECT_THAT(MaskOf({{0, 16}}, 4, 4).counts, ElementsAre(0, 16));
}

TEST(MaskRunsTest, UnitedRunsNeitherOverlapNorTouch) {
  PixelRuns runs = {{9, 12}, {3, 3}, {0, 2}, {10, 11}, {12, 13}, {5, 8}};
  Unite(&runs);
  EXPECT_THAT(runs,
              ElementsAre(PixelRun{0, 2}, PixelRun{5, 8}, PixelRun{9, 13}));
}

TEST(MaskRunsTest, BoundsEncloseRunsOfOneColumnAndOfMany) {
  EXPECT_EQ(BoundsOf({{12, 14}, {23, 24}}, 10), (Rect{1, 2, 2, 2}));
  EXPECT_EQ(BoundsOf({{8, 12}}, 10), (Rect{0, 0, 2, 10}));
  EXPECT_EQ(BoundsOf({{10, 20}}, 10), (Rect{1, 0, 1, 10}));
  EXPECT_EQ(BoundsOf({}, 10), Rect{});
}

TEST(MaskRunsTest, LookupsFindPixelsInAnyOrder) {
  const PixelRuns runs = {{0, 2}, {5, 8}, {9, 13}};
  std::vector<bool> set(16);
  for (const PixelRun& run : runs) {
    for (uint32_t i = run.begin; i < run.end; ++i) set[i] = true;
  }
  RunLookup lookup(runs);
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 1000; ++i) {
    const uint32_t pixel = random() % 16;
    ASSERT_EQ(lookup.Contains(pixel), set[pixel]) << pixel;
  }
  const PixelRuns none;
  EXPECT_FALSE(RunLookup(none).Contains(3));
}

}  // namespace
}  // namespace millrace
