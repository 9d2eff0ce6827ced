#include "pipeline/geometry.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

constexpr auto kBilinear = Interpolation::kBilinear;

TEST(GeometryTest, CropResizeWindowAndFlipAreOneStage) {
  Geometry geometry(640, 480);
  geometry.Crop({100, 50, 300, 200});
  geometry.Crop({10, 10, 200, 100});
  geometry.Resize(100, 50, kBilinear);
  geometry.Crop({20, 10, 60, 30});
  geometry.FlipHorizontal();
  ASSERT_EQ(geometry.stages().size(), 1);
  const GeometryStage& stage = geometry.stages()[0];
  EXPECT_EQ(stage.crop, (Rect{110, 60, 200, 100}));
  EXPECT_EQ(stage.resized_width, 100);
  EXPECT_EQ(stage.window, (Rect{20, 10, 60, 30}));
  EXPECT_TRUE(stage.flip);
}

TEST(GeometryTest, ACropAfterAFlipIsMirrored) {
  Geometry geometry(100, 50);
  geometry.FlipHorizontal();
  geometry.Crop({0, 0, 30, 50});
  ASSERT_EQ(geometry.stages().size(), 1);
  EXPECT_EQ(geometry.stages()[0].crop, (Rect{70, 0, 30, 50}));
}

TEST(GeometryTest, WhatCannotBeFusedBeginsAnotherStage) {
  Geometry twice(100, 100);
  twice.Resize(50, 50, kBilinear);
  twice.Resize(20, 20, kBilinear);
  EXPECT_EQ(twice.stages().size(), 2);

  Geometry flipped(100, 100);
  flipped.FlipHorizontal();
  flipped.Resize(50, 50, kBilinear);
  EXPECT_EQ(flipped.stages().size(), 2);

  Geometry padded(10, 10);
  padded.Crop({-5, -5, 20, 20});
  padded.Resize(50, 50, kBilinear);
  EXPECT_EQ(padded.stages().size(), 2);
}

TEST(GeometryTest, ResizingToTheSameSizeDoesNothing) {
  Geometry geometry(100, 80);
  geometry.Resize(100, 80, kBilinear);
  EXPECT_FALSE(geometry.stages()[0].resized);
}

TEST(GeometryTest, PaddingDoesNotBringBackWhatACropTookAway) {
  Geometry geometry(100, 100);
  geometry.Resize(50, 50, kBilinear);
  geometry.Crop({20, 20, 10, 10});
  geometry.Crop({-5, -5, 20, 20});
  ASSERT_EQ(geometry.stages().size(), 2);
  const auto sources = geometry.NearestSources();
  EXPECT_EQ(sources.columns[4], -1);
  EXPECT_EQ(sources.columns[5], 41);
  EXPECT_EQ(sources.columns[14], 59);
  EXPECT_EQ(sources.columns[15], -1);
}

TEST(GeometryTest, BoxesMoveAndAreCut) {
  Geometry geometry(100, 100);
  geometry.Crop({50, 0, 50, 100});
  geometry.Resize(100, 100, kBilinear);
  const auto box = geometry.Move(Corners{40, 10, 60, 20});
  ASSERT_TRUE(box);
  EXPECT_EQ(box->x0, 0);
  EXPECT_EQ(box->x1, 20);
  EXPECT_EQ(box->y0, 10);
  EXPECT_EQ(box->y1, 20);
  EXPECT_FALSE(geometry.Move(Corners{10, 10, 50, 20}));  // Touches the edge.
  EXPECT_EQ(geometry.area_ratio(), 2);
}

TEST(GeometryTest, AFlippedBoxKeepsItsLeftSideOnTheLeft) {
  Geometry geometry(100, 100);
  geometry.FlipHorizontal();
  const auto box = geometry.Move(Corners{10, 0, 30, 5});
  ASSERT_TRUE(box);
  EXPECT_EQ(box->x0, 70);
  EXPECT_EQ(box->x1, 90);
  EXPECT_TRUE(geometry.mirrored());
}

TEST(GeometryTest, BoxesInPaddingAreDropped) {
  Geometry geometry(10, 10);
  geometry.Crop({-5, -5, 20, 20});
  EXPECT_FALSE(geometry.Move(Corners{-4, -4, 0, 0}));
  const auto box = geometry.Move(Corners{-4, 2, 3, 30});
  ASSERT_TRUE(box);
  EXPECT_EQ(box->x0, 5);
  EXPECT_EQ(box->x1, 8);
  EXPECT_EQ(box->y1, 15);
}

TEST(GeometryTest, PointsOnTheBorderStayAndThoseBeyondAreCutOff) {
  Geometry geometry(100, 100);
  geometry.Crop({10, 10, 50, 50});
  geometry.FlipHorizontal();
  ASSERT_TRUE(geometry.Move(Point{10, 60}));
  EXPECT_EQ(geometry.Move(Point{10, 60})->x, 50);
  EXPECT_FALSE(geometry.Move(Point{9.99, 30}));
  EXPECT_EQ(geometry.MoveUncut(Point{0, 0}).x, 60);
  EXPECT_EQ(geometry.MoveUncut(Point{0, 0}).y, -10);
}

TEST(GeometryTest, NearestSourcesFollowCropResizeAndFlip) {
  Geometry geometry(10, 4);
  geometry.Crop({2, 0, 4, 4});
  geometry.Resize(8, 2, Interpolation::kNearest);
  geometry.FlipHorizontal();
  const auto sources = geometry.NearestSources();
  EXPECT_EQ(sources.columns, (std::vector<int>{5, 5, 4, 4, 3, 3, 2, 2}));
  EXPECT_EQ(sources.rows, (std::vector<int>{1, 3}));
}

}  // namespace
}  // namespace millrace
