#include "ingest/frame.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/decode.h"
#include "image/encode.h"
#include "image/mask.h"
#include "tests/ingest/source_files.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

v1::ImageInfo Upright(uint32_t width, uint32_t height,
                      uint32_t orientation = 1) {
  v1::ImageInfo image;
  image.set_width(width);
  image.set_height(height);
  image.set_orientation(orientation);
  return image;
}

v1::Annotation BoxAt(double x, double y, double width, double height) {
  v1::Annotation annotation;
  annotation.mutable_box()->set_x(x);
  annotation.mutable_box()->set_y(y);
  annotation.mutable_box()->set_width(width);
  annotation.mutable_box()->set_height(height);
  annotation.set_area(width * height);
  return annotation;
}

std::vector<double> Numbers(const v1::Box& box) {
  return {box.x(), box.y(), box.width(), box.height()};
}

TEST(FrameTest, AnEqualOrUndeclaredSizeChangesNothing) {
  for (const uint64_t scale : {0, 1}) {
    const auto frame = Frame::Between(20 * scale, 10 * scale, Upright(20, 10),
                                      Frame::Scaling::kRefused);
    ASSERT_TRUE(frame.ok()) << frame.status();
    v1::Annotation annotation = BoxAt(0.1, 0.2, 0.3, 0.4);
    frame->Apply(&annotation);
    EXPECT_THAT(Numbers(annotation.box()), ElementsAre(0.1, 0.2, 0.3, 0.4));
    EXPECT_EQ(frame->Warning(), "");
  }
}

TEST(FrameTest, ABoxBeyondAnImageOfUndeclaredSizeIsNamed) {
  const auto check = [](uint64_t width, uint64_t height, v1::Annotation box) {
    return Frame::Between(width, height, Upright(20, 10),
                          Frame::Scaling::kRefused)
        ->CheckFits(box.box());
  };
  EXPECT_TRUE(check(0, 0, BoxAt(-1, -1, 22, 12)).ok());
  EXPECT_TRUE(check(20, 10, BoxAt(0, 0, 40, 20)).ok());
  const absl::Status status = check(0, 0, BoxAt(5, 5, 16.5, 2));
  EXPECT_THAT(std::string(status.message()),
              testing::AllOf(HasSubstr("[5, 5, 16.5, 2]"), HasSubstr("20x10"),
                             HasSubstr("resized"), HasSubstr("XML")));
  EXPECT_FALSE(check(0, 0, BoxAt(5, 5, 2, 6.5)).ok());
  EXPECT_FALSE(check(0, 0, BoxAt(-1.5, 5, 2, 2)).ok());
}

TEST(FrameTest, AnotherSizeIsRefusedWithBothOrScaled) {
  const auto refused =
      Frame::Between(500, 375, Upright(224, 224), Frame::Scaling::kRefused);
  EXPECT_THAT(std::string(refused.status().message()),
              testing::AllOf(HasSubstr("500x375"), HasSubstr("224x224")));
  const auto frame =
      Frame::Between(40, 20, Upright(20, 40), Frame::Scaling::kAllowed);
  ASSERT_TRUE(frame.ok()) << frame.status();
  EXPECT_EQ(frame->Warning(), "boxes scaled from 40x20 to 20x40");
  v1::Annotation annotation = BoxAt(4, 5, 8, 10);
  frame->Apply(&annotation);
  EXPECT_THAT(Numbers(annotation.box()), ElementsAre(2, 10, 4, 20));
  EXPECT_EQ(annotation.area(), 80);
}

// Turns annotations as the decoder turns pixels: one bright stored pixel and a
// box, mask, polygon and keypoint on it must stay together.
class OrientationTest : public testing::TestWithParam<int> {};

TEST_P(OrientationTest, AnnotationsFollowThePixels) {
  const int orientation = GetParam();
  constexpr int kWidth = 48, kHeight = 32, kX = 8, kY = 16, kSide = 8;
  std::vector<uint8_t> stored(kWidth * kHeight, 0);
  for (int y = kY; y < kY + kSide; ++y) {
    for (int x = kX; x < kX + kSide; ++x) stored[y * kWidth + x] = 1;
  }
  v1::Annotation annotation = BoxAt(kX, kY, kSide, kSide);
  const RunLengthMask mask = RunLengthsOf(stored.data(), kHeight, kWidth);
  annotation.mutable_run_lengths()->set_height(kHeight);
  annotation.mutable_run_lengths()->set_width(kWidth);
  annotation.mutable_run_lengths()->mutable_counts()->Assign(
      mask.counts.begin(), mask.counts.end());
  v1::Polygon* const polygon = annotation.add_polygons();
  for (const double value : {8., 16., 16., 16., 16., 24.}) {
    polygon->add_coordinates(value);
  }
  v1::Keypoint* const point = annotation.add_keypoints();
  point->set_x(12);
  point->set_y(20);
  point->set_visibility(2);
  annotation.add_keypoints();  // Not labelled: stays at 0, 0.

  Image pixels(kWidth, kHeight, 1);
  for (int i = 0; i < kWidth * kHeight; ++i) {
    pixels.row(0)[i] = static_cast<uint8_t>(stored[i] * 255);
  }
  const std::string jpeg =
      WithOrientation(EncodeJpeg(pixels.view(), 100).value(), orientation);
  const Image upright = Decode(jpeg).value();
  ASSERT_EQ(upright.width(), kHeight);

  const auto frame = Frame::Between(
      kWidth, kHeight, Upright(kHeight, kWidth, uint32_t(orientation)),
      Frame::Scaling::kRefused);
  ASSERT_TRUE(frame.ok()) << frame.status();
  frame->Apply(&annotation);

  const v1::Box& box = annotation.box();
  const v1::RunLengths& runs = annotation.run_lengths();
  const std::vector<uint8_t> raster =
      RasterOf({static_cast<int>(runs.height()),
                static_cast<int>(runs.width()),
                {runs.counts().begin(), runs.counts().end()}});
  for (int y = 0; y < upright.height(); ++y) {
    for (int x = 0; x < upright.width(); ++x) {
      const bool bright = upright.row(y)[x] > 128;
      EXPECT_EQ(bright, raster[y * upright.width() + x] == 1);
      EXPECT_EQ(bright, x >= box.x() && x < box.x() + box.width() &&
                            y >= box.y() && y < box.y() + box.height());
    }
  }
  EXPECT_EQ(annotation.keypoints(0).x(), box.x() + 4);
  EXPECT_EQ(annotation.keypoints(0).y(), box.y() + 4);
  EXPECT_EQ(annotation.keypoints(1).x(), 0);
  for (int i = 0; i < 6; i += 2) {
    const double x = annotation.polygons(0).coordinates(i) - box.x();
    const double y = annotation.polygons(0).coordinates(i + 1) - box.y();
    EXPECT_TRUE((x == 0 || x == 8) && (y == 0 || y == 8)) << x << " " << y;
  }
}

INSTANTIATE_TEST_SUITE_P(OnItsSide, OrientationTest,
                         testing::Values(5, 6, 7, 8));

TEST(FrameTest, BoxesBesideTheImageAreNamed) {
  const v1::ImageInfo image = Upright(10, 10);
  EXPECT_TRUE(CheckBoxMeetsImage(BoxAt(-5, -5, 30, 30).box(), image).ok());
  EXPECT_TRUE(CheckBoxMeetsImage(BoxAt(3, 3, 0, 0).box(), image).ok());
  EXPECT_FALSE(CheckBoxMeetsImage(BoxAt(11, 3, 2, 2).box(), image).ok());
  EXPECT_FALSE(CheckBoxMeetsImage(BoxAt(3, -9, 2, 2).box(), image).ok());
}

}  // namespace
}  // namespace millrace
