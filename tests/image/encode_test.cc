#include "image/encode.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "image/decode.h"
#include "tests/image/image_testing.h"

namespace millrace {
namespace {

TEST(EncodeTest, PngKeepsEveryPixel) {
  for (const int channels : {1, 3}) {
    for (const int side : {1, 2, 31}) {
      const Image image = Noise(side, side + 1, channels, side);
      const auto file = EncodePng(image.view());
      ASSERT_TRUE(file.ok()) << file.status();
      const auto decoded = Decode(*file);
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      EXPECT_TRUE(SamePixels(*decoded, image));
    }
  }
}

TEST(EncodeTest, JpegStaysCloseToSmoothPictures) {
  for (const int channels : {1, 3}) {
    Image image(64, 48, channels);
    for (int y = 0; y < 48; ++y) {
      for (size_t i = 0; i < image.stride(); ++i) {
        image.row(y)[i] = static_cast<uint8_t>(2 * y + i / channels);
      }
    }
    const auto file = EncodeJpeg(image.view(), 95);
    ASSERT_TRUE(file.ok()) << file.status();
    const auto decoded = Decode(*file);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    ASSERT_EQ(decoded->pixels().size(), image.pixels().size());
    for (size_t i = 0; i < image.pixels().size(); ++i) {
      ASSERT_NEAR(decoded->pixels()[i], image.pixels()[i], 4);
    }
  }
}

TEST(EncodeTest, LowerQualityMakesSmallerFiles) {
  const Image image = Scene(120, 90, 3);
  const auto good = EncodeJpeg(image.view(), 95);
  const auto poor = EncodeJpeg(image.view(), 20);
  ASSERT_TRUE(good.ok() && poor.ok());
  EXPECT_LT(poor->size(), good->size());
}

TEST(EncodeTest, JpegsOfEveryLengthAreWhole) {
  // From within the encoder's first buffer to several times past it.
  for (const int side : {8, 100, 200, 400}) {
    const Image image = Noise(side, side, 3, side);
    const auto file = EncodeJpeg(image.view(), 100);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(file->substr(file->size() - 2), "\xff\xd9") << side;
    const auto decoded = Decode(*file);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(decoded->width(), side);
  }
}

TEST(EncodeTest, ImpossibleImagesAndQualitiesAreInvalid) {
  const Image image = Scene(4, 4, 3);
  for (const ImageView& view :
       {ImageView{}, ImageView{image.row(0), 4, 0, 3, 12},
        ImageView{image.row(0), 65'501, 1, 3, 0},
        ImageView{image.row(0), 4, 4, 2, 8}}) {
    EXPECT_EQ(EncodeJpeg(view).status().code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(EncodePng(view).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  for (const int quality : {-1, 0, 101}) {
    EXPECT_EQ(EncodeJpeg(image.view(), quality).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace millrace
