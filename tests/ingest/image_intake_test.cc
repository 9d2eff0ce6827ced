#include "ingest/image_intake.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "image/jpeg_layout.h"
#include "ingest/pixel_check.h"
#include "ingest/shrink.h"
#include "tests/image/jpeg_testing.h"
#include "tests/ingest/source_files.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ImageIntakeTest : public testing::Test {
 protected:
  absl::StatusOr<StoredImage> Take(std::string bytes) {
    return ImageIntake(options_, {}, &budget_).Take(std::move(bytes));
  }

  static bool DecodeAlike(absl::string_view a, absl::string_view b) {
    const auto first = Decode(a);
    const auto second = Decode(b);
    return first.ok() && second.ok() && first->width() == second->width() &&
           first->pixels() == second->pixels();
  }

  static Sample SampleOf(const StoredImage& image) {
    Sample sample;
    *sample.meta.mutable_image() = image.info;
    sample.image = image.bytes;
    sample.decode_record = image.decode_record;
    return sample;
  }

  MemoryBudget budget_{uint64_t{1} << 30};
  ImageOptions options_;
};

TEST_F(ImageIntakeTest, JpegsGetTilesAndKeepTheirPixels) {
  const std::string jpeg = WithOrientation(TestJpeg(300, 200), 6);
  const auto image = Take(jpeg);
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_NE(image->bytes, jpeg);
  EXPECT_TRUE(DecodeAlike(image->bytes, jpeg));
  EXPECT_EQ(image->untiled, "");
  EXPECT_EQ(image->info.width(), 200u);
  EXPECT_EQ(image->info.height(), 300u);
  EXPECT_EQ(image->info.orientation(), 6u);
  EXPECT_EQ(image->info.warning(), "");
  JpegLayout layout;
  ASSERT_TRUE(ParseSerializedJpegLayout(image->decode_record,
                                        image->bytes.size(), &layout)
                  .ok());
  EXPECT_GT(layout.interval_count(), 13);
  EXPECT_TRUE(CheckPixels(SampleOf(*image)).ok());
}

TEST_F(ImageIntakeTest, TheSameBytesAlwaysBecomeTheSame) {
  const std::string jpeg = TestJpeg(300, 200);
  const auto first = Take(jpeg);
  const auto second = Take(jpeg);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->bytes, second->bytes);
  EXPECT_EQ(first->decode_record, second->decode_record);
}

TEST_F(ImageIntakeTest, PngsStayAsTheyCame) {
  const std::string png = TestPng(30, 20);
  const auto image = Take(png);
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_EQ(image->bytes, png);
  EXPECT_EQ(image->decode_record, "");
  EXPECT_EQ(image->untiled, "");
}

TEST_F(ImageIntakeTest, KeptOriginalsAreTheVeryBytesWithARecord) {
  options_.keep_original = true;
  const std::string jpeg = TestJpeg(300, 200);
  const auto image = Take(jpeg);
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_EQ(image->bytes, jpeg);
  EXPECT_NE(image->decode_record, "");
  EXPECT_EQ(image->untiled, "");
  EXPECT_TRUE(CheckPixels(SampleOf(*image)).ok());

  JpegKind progressive;
  progressive.progressive = true;
  const auto other = Take(WriteJpeg(Image(64, 64, 3), progressive));
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(other->decode_record, "");
  EXPECT_EQ(other->untiled, "");
}

TEST_F(ImageIntakeTest, AJpegWithAWarningStaysAsItCame) {
  std::string jpeg = TestJpeg(100, 100);
  jpeg.insert(jpeg.size() - 2, "extraneous");
  const auto image = Take(jpeg);
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_EQ(image->bytes, jpeg);
  EXPECT_EQ(image->decode_record, "");
  EXPECT_THAT(image->info.warning(), HasSubstr("extraneous"));
  EXPECT_THAT(image->untiled, HasSubstr("extraneous"));
}

// libjpeg smooths a progressive file that lacks scans; it would not smooth the
// same coefficients in a baseline file.
TEST_F(ImageIntakeTest, AJpegThatWouldDecodeToOtherPixelsStaysAsItCame) {
  JpegKind kind;
  kind.progressive = true;
  const Image scene = *Decode(TestJpeg(160, 120));
  std::string jpeg = WriteJpeg(scene, kind);
  // Cut off before the second scan.
  size_t scan = jpeg.find("\xFF\xDA");
  scan = jpeg.find("\xFF\xC4", scan);
  ASSERT_NE(scan, std::string::npos);
  jpeg = jpeg.substr(0, scan) + "\xFF\xD9";
  const auto image = Take(jpeg);
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_EQ(image->bytes, jpeg);
  EXPECT_THAT(image->untiled, HasSubstr("other pixels"));
}

TEST_F(ImageIntakeTest, WhatEndsEarlyIsRefused) {
  const auto image = Take(TestJpeg(300, 300).substr(0, 3000));
  EXPECT_TRUE(absl::IsInvalidArgument(image.status()));
  EXPECT_THAT(std::string(image.status().message()), HasSubstr("ends early"));
}

TEST_F(ImageIntakeTest, LargeImagesShrinkUprightAndSmallOnesStayWhatTheyAre) {
  options_.max_side = 150;
  const auto large = Take(WithOrientation(TestJpeg(300, 200), 6));
  ASSERT_TRUE(large.ok()) << large.status();
  EXPECT_EQ(large->source.height(), 300u);
  EXPECT_EQ(large->info.width(), 100u);
  EXPECT_EQ(large->info.height(), 150u);
  EXPECT_EQ(large->info.orientation(), 1u);
  EXPECT_NE(large->decode_record, "");
  EXPECT_TRUE(CheckPixels(SampleOf(*large)).ok());

  const auto png = Take(TestPng(400, 10));
  ASSERT_TRUE(png.ok()) << png.status();
  EXPECT_EQ(png->info.format(), v1::IMAGE_FORMAT_JPEG);
  EXPECT_EQ(png->info.width(), 150u);
  EXPECT_EQ(png->info.height(), 4u);

  const std::string jpeg = TestJpeg(150, 20);
  const auto small = Take(jpeg);
  ASSERT_TRUE(small.ok()) << small.status();
  EXPECT_TRUE(DecodeAlike(small->bytes, jpeg));
}

TEST_F(ImageIntakeTest, QualityDecidesTheSize) {
  options_.max_side = 150;
  const auto good = Take(TestJpeg(300, 200));
  options_.quality = 30;
  const auto poor = Take(TestJpeg(300, 200));
  ASSERT_TRUE(good.ok() && poor.ok());
  EXPECT_LT(poor->bytes.size(), good->bytes.size());
}

TEST(ImageOptionsTest, NonsenseIsRefused) {
  EXPECT_TRUE(ImageOptions().Validate().ok());
  for (const int side : {-1, 1, 15, 65'501}) {
    EXPECT_FALSE(ImageOptions{.max_side = side}.Validate().ok());
  }
  for (const int quality : {0, 101}) {
    EXPECT_FALSE(ImageOptions{.quality = quality}.Validate().ok());
  }
  const ImageOptions both = {.keep_original = true, .max_side = 100};
  EXPECT_FALSE(both.Validate().ok());
}

TEST_F(ImageIntakeTest, PixelChecksFindADecodeRecordOfOtherBytes) {
  const auto image = Take(TestJpeg(300, 200, 1));
  const auto other = Take(TestJpeg(300, 200, 2));
  ASSERT_TRUE(image.ok() && other.ok());
  Sample sample = SampleOf(*image);
  sample.decode_record = other->decode_record;
  EXPECT_TRUE(absl::IsDataLoss(CheckPixels(sample)));
  sample.decode_record = "";
  EXPECT_TRUE(CheckPixels(sample).ok());
  sample.meta.mutable_image()->set_width(299);
  EXPECT_TRUE(absl::IsDataLoss(CheckPixels(sample)));
}

TEST(ShrinkToTest, EveryCoordinateMoves) {
  v1::SampleMeta meta;
  meta.mutable_image()->set_width(400);
  meta.mutable_image()->set_height(200);
  v1::Annotation* annotation = meta.add_annotations();
  v1::Box* box = annotation->mutable_box();
  box->set_x(40);
  box->set_y(20);
  box->set_width(100);
  box->set_height(60);
  annotation->set_area(6000);
  for (const double value : {40, 20, 140, 20, 140, 80}) {
    if (annotation->polygons().empty()) annotation->add_polygons();
    annotation->mutable_polygons(0)->add_coordinates(value);
  }
  v1::Keypoint* point = annotation->add_keypoints();
  point->set_x(80);
  point->set_y(60);
  point->set_visibility(2);
  v1::ImageInfo smaller;
  smaller.set_width(200);
  smaller.set_height(50);
  ShrinkTo(smaller, &meta);
  EXPECT_EQ(meta.image().width(), 200u);
  EXPECT_EQ(box->x(), 20);
  EXPECT_EQ(box->y(), 5);
  EXPECT_EQ(box->width(), 50);
  EXPECT_EQ(box->height(), 15);
  EXPECT_EQ(annotation->area(), 750);
  EXPECT_THAT(annotation->polygons(0).coordinates(),
              ElementsAre(20, 5, 70, 5, 70, 20));
  EXPECT_EQ(point->x(), 40);
  EXPECT_EQ(point->y(), 15);
  EXPECT_EQ(point->visibility(), 2u);
}

TEST(ShrinkToTest, RunLengthsAreSampledAtTheNearestPixel) {
  v1::SampleMeta meta;
  meta.mutable_image()->set_width(4);
  meta.mutable_image()->set_height(4);
  v1::RunLengths* runs = meta.add_annotations()->mutable_run_lengths();
  runs->set_width(4);
  runs->set_height(4);
  // The right half.
  for (const uint32_t count : {8u, 8u}) runs->add_counts(count);
  v1::ImageInfo smaller;
  smaller.set_width(2);
  smaller.set_height(2);
  ShrinkTo(smaller, &meta);
  EXPECT_EQ(runs->width(), 2u);
  EXPECT_EQ(runs->height(), 2u);
  EXPECT_THAT(runs->counts(), ElementsAre(2, 2));
}

}  // namespace
}  // namespace millrace
