#include "pipeline/sample_program.h"

#include <gtest/gtest.h>

#include "tests/pipeline/source_pixels.h"

namespace millrace {
namespace {

constexpr auto kBilinear = Interpolation::kBilinear;

const GeometryStage& FirstStage(const SampleProgram& program) {
  return std::get<GeometryStage>(program.steps()[0]);
}

TEST(SampleProgramTest, CropResizeWindowAndFlipAreOneStage) {
  SampleProgram program({640, 480});
  program.Crop({100, 50, 300, 200});
  program.Crop({10, 10, 200, 100});
  program.Resize({100, 50}, kBilinear);
  program.Crop({20, 10, 60, 30});
  program.FlipHorizontal();
  ASSERT_EQ(program.steps().size(), 1);
  const GeometryStage& stage = FirstStage(program);
  EXPECT_EQ(stage.crop, (Rect{110, 60, 200, 100}));
  EXPECT_EQ(stage.resized_width, 100);
  EXPECT_EQ(stage.window, (Rect{20, 10, 60, 30}));
  EXPECT_TRUE(stage.flip_horizontal);
}

TEST(SampleProgramTest, ACropAfterAFlipIsMirrored) {
  SampleProgram program({100, 50});
  program.FlipHorizontal();
  program.Crop({0, 0, 30, 50});
  ASSERT_EQ(program.steps().size(), 1);
  EXPECT_EQ(FirstStage(program).crop, (Rect{70, 0, 30, 50}));
}

TEST(SampleProgramTest, WhatCannotBeFusedBeginsAnotherStage) {
  SampleProgram twice({100, 100});
  twice.Resize({50, 50}, kBilinear);
  twice.Resize({20, 20}, kBilinear);
  EXPECT_EQ(twice.steps().size(), 2);

  SampleProgram flipped({100, 100});
  flipped.FlipHorizontal();
  flipped.Resize({50, 50}, kBilinear);
  EXPECT_EQ(flipped.steps().size(), 2);

  SampleProgram padded({10, 10});
  padded.Crop({-5, -5, 20, 20});
  padded.Resize({50, 50}, kBilinear);
  EXPECT_EQ(padded.steps().size(), 2);
}

TEST(SampleProgramTest, ResizingToTheSameSizeDoesNothing) {
  SampleProgram program({100, 80});
  program.Resize({100, 80}, kBilinear);
  EXPECT_FALSE(FirstStage(program).resized);
}

TEST(SampleProgramTest, PaddingDoesNotBringBackWhatACropTookAway) {
  SampleProgram program({100, 100});
  program.Resize({50, 50}, kBilinear);
  program.Crop({20, 20, 10, 10});
  program.Crop({-5, -5, 20, 20});
  ASSERT_EQ(program.steps().size(), 2);
  const std::vector<PixelPlace> sources = SourcePixels(program);
  const PixelPlace* row = &sources[10 * 20];
  EXPECT_FALSE(row[4].exists());
  EXPECT_EQ(row[5].x, 41);
  EXPECT_EQ(row[14].x, 59);
  EXPECT_FALSE(row[15].exists());
}

TEST(SampleProgramTest, BoxesMoveAndAreCut) {
  SampleProgram program({100, 100});
  program.Crop({50, 0, 50, 100});
  program.Resize({100, 100}, kBilinear);
  const auto box = program.Move(Corners{40, 10, 60, 20});
  ASSERT_TRUE(box);
  EXPECT_EQ(box->x0, 0);
  EXPECT_EQ(box->x1, 20);
  EXPECT_EQ(box->y0, 10);
  EXPECT_EQ(box->y1, 20);
  EXPECT_FALSE(program.Move(Corners{10, 10, 50, 20}));  // Touches the edge.
  EXPECT_EQ(program.AreaRatioAt({60, 10}), 2);
}

TEST(SampleProgramTest, AFlippedBoxKeepsItsLeftSideOnTheLeft) {
  SampleProgram program({100, 100});
  program.FlipHorizontal();
  const auto box = program.Move(Corners{10, 0, 30, 5});
  ASSERT_TRUE(box);
  EXPECT_EQ(box->x0, 70);
  EXPECT_EQ(box->x1, 90);
  EXPECT_TRUE(program.mirrored());
}

TEST(SampleProgramTest, BoxesInPaddingAreDropped) {
  SampleProgram program({10, 10});
  program.Crop({-5, -5, 20, 20});
  EXPECT_FALSE(program.Move(Corners{-4, -4, 0, 0}));
  const auto box = program.Move(Corners{-4, 2, 3, 30});
  ASSERT_TRUE(box);
  EXPECT_EQ(box->x0, 5);
  EXPECT_EQ(box->x1, 8);
  EXPECT_EQ(box->y1, 15);
}

TEST(SampleProgramTest, PointsOnTheBorderStayAndThoseBeyondAreCutOff) {
  SampleProgram program({100, 100});
  program.Crop({10, 10, 50, 50});
  program.FlipHorizontal();
  ASSERT_TRUE(program.Move(Point{10, 60}));
  EXPECT_EQ(program.Move(Point{10, 60})->x, 50);
  EXPECT_FALSE(program.Move(Point{9.99, 30}));
  const std::vector<Point> uncut = program.MoveRing({{0, 0}});
  EXPECT_EQ(uncut[0].x, 60);
  EXPECT_EQ(uncut[0].y, -10);
}

TEST(SampleProgramTest, SourcePixelsFollowCropResizeAndFlip) {
  SampleProgram program({10, 4});
  program.Crop({2, 0, 4, 4});
  program.Resize({8, 2}, Interpolation::kNearest);
  program.FlipHorizontal();
  std::vector<int> columns;
  std::vector<int> rows;
  for (const PixelPlace& place : SourcePixels(program)) {
    columns.push_back(place.x);
    rows.push_back(place.y);
  }
  EXPECT_EQ(columns, (std::vector<int>{5, 5, 4, 4, 3, 3, 2, 2,  //
                                       5, 5, 4, 4, 3, 3, 2, 2}));
  EXPECT_EQ(rows, (std::vector<int>{1, 1, 1, 1, 1, 1, 1, 1,  //
                                    3, 3, 3, 3, 3, 3, 3, 3}));
}

}  // namespace
}  // namespace millrace
