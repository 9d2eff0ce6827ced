#include "pipeline/annotation_mixing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

constexpr ImageSize kSize = {4, 3};

// One box with a mask of its shape and a keypoint at its upper left.
void AddBox(int x0, int y0, int x1, int y1, SampleAnnotations* to) {
  for (const int corner : {x0, y0, x1, y1}) {
    to->boxes.push_back(static_cast<float>(corner));
  }
  to->labels.push_back(static_cast<int64_t>(to->labels.size()) + 1);
  to->ids.push_back(static_cast<int64_t>(to->labels.size()) * 10);
  to->crowd.push_back(0);
  to->areas.push_back(static_cast<float>((x1 - x0) * (y1 - y0)));
  for (int y = 0; y < kSize.height; ++y) {
    for (int x = 0; x < kSize.width; ++x) {
      to->masks.push_back(x >= x0 && x < x1 && y >= y0 && y < y1);
    }
  }
  for (const int value : {x0, y0, 2}) {
    to->keypoints.push_back(static_cast<float>(value));
  }
}

TEST(AnnotationMixingTest, APartTakesWhatLiesInItAlong) {
  SampleAnnotations from;
  AddBox(0, 0, 2, 2, &from);
  AddBox(3, 0, 4, 1, &from);  // Falls out.
  SampleAnnotations to;
  AddBox(0, 0, 1, 1, &to);
  // One to the right and one down, into the right half.
  const Rect part = {2, 0, 2, 3};
  EXPECT_EQ(CountInPart(from, part, 1, 1), 1u);
  AppendPart(from, kSize, part, 1, 1, &to);
  EXPECT_THAT(to.labels, ElementsAre(1, 1));
  EXPECT_THAT(to.ids, ElementsAre(10, 10));
  EXPECT_THAT(to.boxes, ElementsAre(0, 0, 1, 1, 2, 1, 3, 3));
  EXPECT_THAT(to.areas, ElementsAre(1, 4)) << "as the source states them";
  EXPECT_THAT(to.keypoints, ElementsAre(0, 0, 2, 0, 0, 0)) << "at (1, 1)";
  EXPECT_THAT(std::vector<uint8_t>(to.masks.begin() + 12, to.masks.end()),
              ElementsAreArray({0, 0, 0, 0,  //
                                0, 0, 1, 0,  //
                                0, 0, 1, 0}));
}

TEST(AnnotationMixingTest, KeypointsInThePartMoveWithIt) {
  SampleAnnotations from;
  AddBox(1, 0, 2, 2, &from);
  SampleAnnotations to;
  AppendPart(from, kSize, {2, 0, 2, 3}, 1, 1, &to);
  EXPECT_THAT(to.keypoints, ElementsAre(2, 1, 2));
}

TEST(AnnotationMixingTest, WhatIsNotWantedStaysAway) {
  SampleAnnotations from;
  AddBox(0, 0, 2, 2, &from);
  from.masks.clear();
  from.keypoints.clear();
  SampleAnnotations to;
  AppendPart(from, kSize, {0, 0, 4, 3}, 0, 0, &to);
  EXPECT_THAT(to.labels, ElementsAre(1));
  EXPECT_THAT(to.masks, IsEmpty());
  EXPECT_THAT(to.keypoints, IsEmpty());
}

TEST(AnnotationMixingTest, CoveredMasksShrinkWithTheirBoxesAndAreas) {
  SampleAnnotations annotations;
  AddBox(0, 0, 2, 2, &annotations);  // Half is covered.
  AddBox(2, 0, 4, 1, &annotations);  // Not covered.
  AddBox(0, 0, 1, 1, &annotations);  // All of it is covered.
  Cover({1, 0, 0, 0,                 //
         1, 0, 0, 0,                 //
         0, 0, 0, 0},
        kSize, &annotations);
  EXPECT_THAT(annotations.labels, ElementsAre(1, 2));
  EXPECT_THAT(annotations.boxes, ElementsAre(1, 0, 2, 2, 2, 0, 4, 1));
  EXPECT_THAT(annotations.areas, ElementsAre(2, 2));
  EXPECT_THAT(annotations.keypoints, ElementsAre(0, 0, 1, 2, 0, 2))
      << "the covered one is labelled, but not visible";
  EXPECT_THAT(annotations.masks, ElementsAreArray({0, 1, 0, 0, 0, 1, 0, 0,  //
                                                   0, 0, 0, 0,              //
                                                   0, 0, 1, 1, 0, 0, 0, 0,  //
                                                   0, 0, 0, 0}));
}

TEST(AnnotationMixingTest, ABoxWithoutAMaskStays) {
  SampleAnnotations annotations;
  AddBox(0, 0, 2, 2, &annotations);
  std::ranges::fill(annotations.masks, uint8_t{0});
  Cover(std::vector<uint8_t>(12, 1), kSize, &annotations);
  EXPECT_THAT(annotations.boxes, ElementsAre(0, 0, 2, 2));
}

TEST(AnnotationMixingTest, CrowdsAndObjectsWithoutMaskAreNotPasted) {
  SampleAnnotations from;
  AddBox(0, 0, 1, 1, &from);
  AddBox(1, 0, 2, 1, &from);
  AddBox(2, 0, 3, 1, &from);
  from.crowd[0] = 1;
  std::fill_n(from.masks.begin() + 12, 12, uint8_t{0});
  int pasted = 0;
  for (uint64_t i = 0; i < 1000; ++i) {
    RandomDraws draws({.seed = 4, .position = i});
    const PastedObjects objects = DrawObjects(from, kSize, &draws);
    if (objects.mask.empty()) continue;
    ++pasted;
    ASSERT_THAT(objects.annotations.labels, ElementsAre(3));
    ASSERT_THAT(objects.mask,
                ElementsAreArray({0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  }
  // 1 - (2/3)^3 of the times.
  EXPECT_NEAR(pasted, 704, 60);
}

}  // namespace
}  // namespace millrace
