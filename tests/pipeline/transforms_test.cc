
#include <gtest/gtest.h>

#include "pipeline/crop_ops.h"
#include "pipeline/random.h"
#include "pipeline/resize_ops.h"

namespace millrace {
namespace {

ResizeOp ShortSide(int short_side, int max_size = 0) {
  return ResizeOp({.short_side = short_side, .max_size = max_size});
}

// Expected values: torchvision 0.14, _compute_resized_output_size.
TEST(ResizeOpTest, KeepsTheAspectRatioAsTorchvisionDoes) {
  EXPECT_EQ(ShortSide(256).SizeFor({500, 375}), (ImageSize{341, 256}));
  EXPECT_EQ(ShortSide(256).SizeFor({375, 500}), (ImageSize{256, 341}));
  EXPECT_EQ(ShortSide(256).SizeFor({100, 100}), (ImageSize{256, 256}));
  EXPECT_EQ(ShortSide(800, 1333).SizeFor({640, 480}), (ImageSize{1066, 800}));
  EXPECT_EQ(ShortSide(800, 1333).SizeFor({640, 200}), (ImageSize{1333, 416}));
}

TEST(ResizeOpTest, ThinImagesKeepAtLeastOnePixel) {
  EXPECT_EQ(ShortSide(10, 20).SizeFor({1, 65500}), (ImageSize{1, 20}));
  EXPECT_GT(ShortSide(8192).SizeFor({1, 65500}).height, 0);
}

TEST(CenterCropOpTest, RoundsHalvesToEvenAsPythonDoes) {
  const CenterCropOp op({224, 224});
  EXPECT_EQ(op.CropOf({341, 256}), (Rect{58, 16, 224, 224}));  // 58.5 -> 58
  EXPECT_EQ(op.CropOf({343, 256}), (Rect{60, 16, 224, 224}));  // 59.5 -> 60
}

TEST(CenterCropOpTest, PadsTheOddPixelBehind) {
  const CenterCropOp op({10, 10});
  EXPECT_EQ(op.CropOf({7, 20}), (Rect{-1, 5, 10, 10}));
}

TEST(RandomResizedCropOpTest, StaysInsideWithAreaAndRatioInRange) {
  const RandomResizedCropOp op(
      {.size = {224, 224}, .scale = {0.08, 1}, .ratio = {0.75, 4.0 / 3}});
  for (uint64_t i = 0; i < 20000; ++i) {
    RandomDraws draws({.seed = 3, .position = i});
    const ImageSize input = {500, 375};
    const Rect crop = op.CropOf(input, &draws);
    ASSERT_GE(crop.x, 0);
    ASSERT_GE(crop.y, 0);
    ASSERT_LE(crop.x + crop.width, input.width);
    ASSERT_LE(crop.y + crop.height, input.height);
    const double share = 1.0 * crop.width * crop.height / (500 * 375);
    ASSERT_GT(share, 0.078);
    const double ratio = 1.0 * crop.width / crop.height;
    ASSERT_GT(ratio, 0.74);
    ASSERT_LT(ratio, 1.35);
  }
}

TEST(RandomResizedCropOpTest, CropsAreSpreadOverTheImage) {
  const RandomResizedCropOp op(
      {.size = {10, 10}, .scale = {0.25, 0.25}, .ratio = {1, 1}});
  double sum_x = 0;
  bool first = false;
  bool last = false;
  for (uint64_t i = 0; i < 10000; ++i) {
    RandomDraws draws({.position = i});
    const Rect crop = op.CropOf({100, 100}, &draws);
    ASSERT_EQ(crop.width, 50);
    sum_x += crop.x;
    first |= crop.x == 0;
    last |= crop.x == 50;
  }
  EXPECT_NEAR(sum_x / 10000, 25, 1);
  EXPECT_TRUE(first);
  EXPECT_TRUE(last);
}

TEST(RandomResizedCropOpTest, FallsBackToTheCentralCropOfTorchvision) {
  // No square of half the area fits into such strips.
  const RandomResizedCropOp op(
      {.size = {10, 10}, .scale = {0.5, 1}, .ratio = {0.75, 4.0 / 3}});
  RandomDraws wide({});
  EXPECT_EQ(op.CropOf({300, 30}, &wide), (Rect{130, 0, 40, 30}));
  RandomDraws tall({});
  EXPECT_EQ(op.CropOf({30, 300}, &tall), (Rect{0, 130, 30, 40}));
}

}  // namespace
}  // namespace millrace
