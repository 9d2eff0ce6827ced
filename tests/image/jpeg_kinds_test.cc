// JPEGs that EncodeJpeg() does not make: progressive, and other chroma grids.

#include <gtest/gtest.h>

#include <random>

#include "image/decode.h"
#include "tests/image/image_testing.h"
#include "tests/image/jpeg_testing.h"

namespace millrace {
namespace {

class JpegKindsTest : public testing::TestWithParam<JpegKind> {};

TEST_P(JpegKindsTest, EveryRegionOfASmallImageEqualsTheWhole) {
  const Image scene = Noise(41, 35, 3, 1);
  const std::string file = WriteJpeg(scene, GetParam());
  const auto whole = Decode(file);
  ASSERT_TRUE(whole.ok()) << whole.status();
  Image region;
  for (int x = 0; x < 41; ++x) {
    for (int width = 1; x + width <= 41; width += 3) {
      const Rect rect = {x, (x * 7 + width) % 30, width, 1 + width % 5};
      ASSERT_TRUE(DecodeRegion(file, {}, rect, &region).ok());
      ASSERT_TRUE(SamePixels(region, CropOf(*whole, rect)))
          << width << " columns from " << x;
    }
  }
  for (int y = 0; y < 35; ++y) {
    for (int height = 1; y + height <= 35; ++height) {
      const Rect rect = {(y * 5 + height) % 35, y, 6, height};
      ASSERT_TRUE(DecodeRegion(file, {}, rect, &region).ok());
      ASSERT_TRUE(SamePixels(region, CropOf(*whole, rect)))
          << height << " rows from " << y;
    }
  }
}

TEST_P(JpegKindsTest, RandomRegionsOfManySizesEqualTheWhole) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 40; ++i) {
    const Image scene =
        Noise(1 + random() % 150, 1 + random() % 150, 3, random());
    const std::string file = WriteJpeg(scene, GetParam());
    const auto whole = Decode(file);
    ASSERT_TRUE(whole.ok()) << whole.status();
    for (int k = 0; k < 10; ++k) {
      const Rect rect = RandomRect(scene.width(), scene.height(), &random);
      Image region;
      ASSERT_TRUE(DecodeRegion(file, {}, rect, &region).ok());
      ASSERT_TRUE(SamePixels(region, CropOf(*whole, rect)))
          << rect.width << "x" << rect.height << " at " << rect.x << ", "
          << rect.y << " of " << scene.width() << "x" << scene.height();
    }
  }
}

TEST_P(JpegKindsTest, RandomRegionsEqualTheWholeAtEveryScale) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 40; ++i) {
    const Image scene =
        Noise(1 + random() % 150, 1 + random() % 150, 3, random());
    const std::string file = WriteJpeg(scene, GetParam());
    DecodeOptions options;
    options.scale_denominator = 2 << i % 3;
    const auto whole = Decode(file, options);
    ASSERT_TRUE(whole.ok()) << whole.status();
    const int scale = options.scale_denominator;
    EXPECT_EQ(whole->width(), (scene.width() + scale - 1) / scale);
    EXPECT_EQ(whole->height(), (scene.height() + scale - 1) / scale);
    for (int k = 0; k < 10; ++k) {
      const Rect rect = RandomRect(whole->width(), whole->height(), &random);
      Image region;
      ASSERT_TRUE(DecodeRegion(file, options, rect, &region).ok());
      ASSERT_TRUE(SamePixels(region, CropOf(*whole, rect)))
          << rect.width << "x" << rect.height << " at " << rect.x << ", "
          << rect.y << " of " << whole->width() << "x" << whole->height()
          << " at 1/" << scale;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, JpegKindsTest,
    testing::Values(JpegKind{1, 1}, JpegKind{2, 1}, JpegKind{1, 2},
                    JpegKind{2, 2}, JpegKind{4, 1}, JpegKind{4, 2},
                    JpegKind{3, 1}, JpegKind{2, 2, false, false, 3},
                    JpegKind{2, 2, false, true}, JpegKind{2, 2, true},
                    JpegKind{1, 2, true}, JpegKind{1, 1, true, true}));

TEST(ScanLimitTest, MoreScansThanAllowedAreRefused) {
  const std::string file = WriteJpeg(Scene(64, 64, 3), {2, 2, true});
  DecodeOptions options;
  options.limits.max_scans = 10;
  EXPECT_TRUE(Decode(file, options).ok());
  options.limits.max_scans = 9;
  const absl::Status status = Decode(file, options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "JPEG: more than 9 scans");
}

}  // namespace
}  // namespace millrace
