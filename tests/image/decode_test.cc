#include "image/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "image/color.h"
#include "image/encode.h"
#include "image/row_sink.h"
#include "tests/image/image_testing.h"
#include "tests/support/oriented_jpeg.h"

namespace millrace {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string JpegOf(const Image& image) { return *EncodeJpeg(image.view(), 90); }

// The upright pixel at (x, y), by EXIF's wording: which corner of the picture
// the first stored row and column are at.
const uint8_t* UprightPixel(const Image& stored, int orientation, int x,
                            int y) {
  const int right = stored.width() - 1;
  const int bottom = stored.height() - 1;
  const auto at = [&](int sx, int sy) {
    return stored.row(sy) + sx * stored.channels();
  };
  switch (orientation) {
    case 2:
      return at(right - x, y);
    case 3:
      return at(right - x, bottom - y);
    case 4:
      return at(x, bottom - y);
    case 5:
      return at(y, x);
    case 6:
      return at(y, bottom - x);
    case 7:
      return at(right - y, bottom - x);
    case 8:
      return at(right - y, x);
    default:
      return at(x, y);
  }
}

DecodeOptions WithChannels(int channels) {
  DecodeOptions options;
  options.channels = channels;
  return options;
}

TEST(DecodeTest, HeaderTellsSizeChannelsAndOrientation) {
  const std::string jpeg = JpegOf(Scene(30, 20, 3));
  const auto header = ReadImageHeader(WithOrientation(jpeg, 6));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->format, ImageFormat::kJpeg);
  EXPECT_EQ(header->stored_width, 30);
  EXPECT_EQ(header->stored_height, 20);
  EXPECT_EQ(header->width(), 20);
  EXPECT_EQ(header->height(), 30);
  EXPECT_EQ(header->channels, 3);
  EXPECT_EQ(header->orientation, 6);

  const auto png = ReadImageHeader(*EncodePng(Scene(3, 4, 1).view()));
  ASSERT_TRUE(png.ok()) << png.status();
  EXPECT_EQ(png->format, ImageFormat::kPng);
  EXPECT_EQ(png->channels, 1);
}

TEST(DecodeTest, EveryOrientationComesUpright) {
  for (const int channels : {1, 3}) {
    const std::string jpeg = JpegOf(Scene(37, 22, channels));
    const auto stored = Decode(jpeg);
    ASSERT_TRUE(stored.ok()) << stored.status();
    for (int orientation = 1; orientation <= 8; ++orientation) {
      const std::string turned = WithOrientation(jpeg, orientation);
      const auto upright = Decode(turned);
      ASSERT_TRUE(upright.ok()) << upright.status();
      ASSERT_EQ(upright->width(), orientation < 5 ? 37 : 22);
      Image by_rows;
      Image spare;
      DecodeReport report;
      ImageRows rows(&by_rows);
      ASSERT_TRUE(DecodeRows(turned, {}, {}, &rows, &spare, &report).ok());
      ASSERT_TRUE(SamePixels(by_rows, *upright));
      for (int y = 0; y < upright->height(); ++y) {
        for (int x = 0; x < upright->width(); ++x) {
          ASSERT_EQ(upright->row(y)[x * channels],
                    *UprightPixel(*stored, orientation, x, y))
              << orientation << " at " << x << ", " << y;
        }
      }
    }
  }
}

// Gray; `across` levels a column and `down` levels a row when it is upright.
Image StoredRamp(int width, int height, int orientation, int across, int down) {
  Image stored(width, height, 1);
  const bool swaps = orientation >= 5;
  for (int y = 0; y < (swaps ? width : height); ++y) {
    for (int x = 0; x < (swaps ? height : width); ++x) {
      const auto at = UprightPixel(stored, orientation, x, y) - stored.row(0);
      stored.row(0)[at] = static_cast<uint8_t>(across * x + down * y);
    }
  }
  return stored;
}

// Each pixel of a scaled crop shows what lies at its centre by the box.
void ExpectRampStays(const Image& part, const PixelBox& box, const Rect& crop,
                     int scale, int across, int down) {
  EXPECT_EQ(box.x1 - box.x0, 1.0 * crop.width / scale);
  EXPECT_EQ(box.y1 - box.y0, 1.0 * crop.height / scale);
  EXPECT_TRUE(box.x0 >= 0 && box.x0 < 1 && box.y0 >= 0 && box.y0 < 1);
  EXPECT_TRUE(box.x1 <= part.width() && box.y1 <= part.height());
  for (int y = 0; y < part.height(); ++y) {
    for (int x = 0; x < part.width(); ++x) {
      // Pixels that reach beyond the image show what the encoder put there.
      if (x < box.x0 || x + 1 > box.x1 || y < box.y0 || y + 1 > box.y1) {
        continue;
      }
      const double at_x = crop.x + (x + 0.5 - box.x0) * scale - 0.5;
      const double at_y = crop.y + (y + 0.5 - box.y0) * scale - 0.5;
      ASSERT_NEAR(part.row(y)[x], across * at_x + down * at_y, 1.5)
          << "pixel " << x << ", " << y;
    }
  }
}

TEST(DecodeTest, ScaledCropsStayInTheirPlaceInEveryOrientation) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 400; ++i) {
    const int orientation = 1 + i % 8;
    const int scale = 2 << i / 8 % 3;
    const int width = 20 + static_cast<int>(random() % 44);
    const int height = 20 + static_cast<int>(random() % 44);
    // A shift by one pixel would be one of 4 levels.
    const int across = i % 2 == 0 ? 4 : 0;
    const int down = 4 - across;
    const std::string jpeg = WithOrientation(
        *EncodeJpeg(StoredRamp(width, height, orientation, across, down).view(),
                    98),
        orientation);
    const auto header = ReadImageHeader(jpeg);
    ASSERT_TRUE(header.ok()) << header.status();
    const Rect crop = RandomRect(header->width(), header->height(), &random);
    SCOPED_TRACE(testing::Message()
                 << "orientation " << orientation << ", 1/" << scale << ", "
                 << crop.width << "x" << crop.height << " at " << crop.x << ", "
                 << crop.y << " of " << header->width() << "x"
                 << header->height());
    DecodeOptions options;
    options.scale_denominator = scale;
    Image part;
    PixelBox box;
    const auto status = DecodeScaledCrop(jpeg, options, crop, &part, &box);
    ASSERT_TRUE(status.ok()) << status;
    ExpectRampStays(part, box, crop, scale, across, down);
  }
}

TEST(DecodeTest, ScaledCropsLieInsideOfTheImageAtFullSize) {
  const std::string jpeg = JpegOf(Scene(31, 20, 3));
  DecodeOptions options;
  options.scale_denominator = 8;
  Image part;
  PixelBox box;
  EXPECT_TRUE(
      DecodeScaledCrop(jpeg, options, {0, 0, 31, 20}, &part, &box).ok());
  EXPECT_EQ(part.width(), 4);
  EXPECT_EQ(part.height(), 3);
  EXPECT_EQ(box, (PixelBox{0, 0, 31.0 / 8, 20.0 / 8}));
  // Rounded up, these would be.
  for (const Rect& crop : {Rect{0, 0, 32, 20}, {0, 0, 31, 21}, {1, 0, 31, 9}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(
        DecodeScaledCrop(jpeg, options, crop, &part, &box)));
  }
}

TEST(DecodeTest, OrientationIsLeftAloneOnRequest) {
  const std::string jpeg = JpegOf(Scene(30, 20, 3));
  DecodeOptions options;
  options.apply_orientation = false;
  const auto stored = Decode(WithOrientation(jpeg, 7), options);
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_TRUE(SamePixels(*stored, *Decode(jpeg)));
}

TEST(DecodeTest, RegionsEqualTheWholeInEveryOrientation) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 200; ++i) {
    const int channels = i % 4 == 0 ? 1 : 3;
    const Image scene =
        Noise(1 + random() % 100, 1 + random() % 100, channels, random());
    const std::string jpeg = WithOrientation(JpegOf(scene), 1 + i % 8);
    const DecodeOptions options = WithChannels(i % 3 == 0 ? 1 : 3);
    const auto whole = Decode(jpeg, options);
    ASSERT_TRUE(whole.ok()) << whole.status();
    for (int k = 0; k < 5; ++k) {
      const Rect rect = RandomRect(whole->width(), whole->height(), &random);
      Image region;
      ASSERT_TRUE(DecodeRegion(jpeg, options, rect, &region).ok());
      ASSERT_TRUE(SamePixels(region, CropOf(*whole, rect)))
          << rect.width << "x" << rect.height << " at " << rect.x << ", "
          << rect.y;
    }
  }
}

TEST(DecodeTest, RegionsOutsideOfTheImageAreInvalid) {
  const std::string jpeg = JpegOf(Scene(30, 20, 3));
  constexpr int kBig = std::numeric_limits<int>::max();
  for (const Rect& rect :
       {Rect{0, 0, 31, 20}, Rect{0, 0, 30, 21}, Rect{-1, 0, 2, 2},
        Rect{0, -1, 2, 2}, Rect{30, 0, 1, 1}, Rect{0, 0, 4, 0},
        Rect{0, 0, -4, 4}, Rect{kBig, kBig, kBig, kBig}}) {
    Image image;
    const absl::Status status = DecodeRegion(jpeg, {}, rect, &image);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  }
  Image image;
  EXPECT_THAT(DecodeRegion(jpeg, {}, {29, 0, 2, 1}, &image).message(),
              HasSubstr("region 2x1 at (29, 0) is not inside of the image"));
}

TEST(DecodeTest, ColorToGrayIsPillowsLuma) {
  const std::string jpeg = JpegOf(Noise(33, 21, 3, 1));
  const auto color = Decode(jpeg);
  const auto gray = Decode(jpeg, WithChannels(1));
  ASSERT_TRUE(color.ok() && gray.ok());
  for (size_t i = 0; i < gray->pixels().size(); ++i) {
    ASSERT_EQ(gray->pixels()[i], LumaOf(color->row(0) + 3 * i));
  }
}

TEST(DecodeTest, GrayToColorRepeats) {
  const std::string jpeg = JpegOf(Noise(33, 21, 1, 1));
  const auto gray = Decode(jpeg);
  const auto color = Decode(jpeg, WithChannels(3));
  ASSERT_TRUE(color.ok() && gray.ok());
  ASSERT_EQ(gray->channels(), 1);
  for (size_t i = 0; i < color->pixels().size(); ++i) {
    ASSERT_EQ(color->pixels()[i], gray->pixels()[i / 3]);
  }
}

TEST(DecodeTest, OtherNumbersOfChannelsAreInvalid) {
  const std::string jpeg = JpegOf(Scene(8, 8, 3));
  for (const int channels : {-1, 2, 4}) {
    EXPECT_EQ(Decode(jpeg, WithChannels(channels)).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST(ColorTest, LumaIsInPillowsIntegerForm) {
  const uint8_t pixels[][3] = {{255, 255, 255}, {0, 0, 0},   {255, 0, 0},
                               {0, 255, 0},     {0, 0, 255}, {10, 200, 77}};
  const uint8_t expected[] = {255, 0, 76, 150, 29, 129};
  for (int i = 0; i < 6; ++i) EXPECT_EQ(LumaOf(pixels[i]), expected[i]);
}

TEST(ColorTest, CmykToRgbEqualsDjpegsFloatingPoint) {
  for (int c = 0; c < 256; ++c) {
    for (int k = 0; k < 256; ++k) {
      const uint8_t cmyk[] = {static_cast<uint8_t>(c), 255, 0,
                              static_cast<uint8_t>(k)};
      uint8_t rgb[3];
      ConvertRow(cmyk, 4, 1, 3, rgb);
      ASSERT_EQ(rgb[0], static_cast<int>(double(c) * k / 255.0 + 0.5));
      ASSERT_EQ(rgb[1], k);
      ASSERT_EQ(rgb[2], 0);
    }
  }
}

TEST(DecodeTest, SmallestImagesDecode) {
  for (const int channels : {1, 3}) {
    const auto image = Decode(JpegOf(Scene(1, 1, channels)));
    ASSERT_TRUE(image.ok()) << image.status();
    EXPECT_EQ(image->pixels().size(), static_cast<size_t>(channels));
  }
}

TEST(DecodeTest, DeclaredGigapixelsAreRefusedFromTheHeader) {
  std::string jpeg = JpegOf(Scene(8, 8, 1));
  const size_t frame = jpeg.find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  jpeg.replace(frame + 5, 4, "\xFF\x00\xFF\x00", 4);
  EXPECT_EQ(ReadImageHeader(jpeg).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(Decode(jpeg).status().message(), HasSubstr("65280x65280"));
}

TEST(DecodeTest, PixelLimitIsInclusive) {
  const std::string jpeg = JpegOf(Scene(30, 20, 3));
  DecodeLimits limits;
  limits.max_pixels = 600;
  EXPECT_TRUE(ReadImageHeader(jpeg, limits).ok());
  limits.max_pixels = 599;
  EXPECT_EQ(ReadImageHeader(jpeg, limits).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(DecodeTest, OtherFormatsAreNamed) {
  const auto message = [](absl::string_view bytes) {
    return std::string(ReadImageHeader(bytes).status().message());
  };
  EXPECT_THAT(message(""), HasSubstr("empty"));
  EXPECT_THAT(message("GIF89a..."), StartsWith("this is GIF;"));
  EXPECT_THAT(message("BM......"), StartsWith("this is BMP;"));
  EXPECT_THAT(message("RIFF....WEBPVP8 "), StartsWith("this is WebP;"));
  EXPECT_THAT(message("RIFF"), HasSubstr("begins with \"RIFF\""));
  EXPECT_THAT(message("<html>"), HasSubstr("begins with \"<html>\""));
  EXPECT_THAT(message(absl::string_view("\0\1", 2)), HasSubstr("\\x00\\x01"));
}

TEST(DecodeTest, DataThatEndsEarlyIsReported) {
  const std::string jpeg = JpegOf(Noise(64, 64, 3, 1));
  for (const size_t keep : {jpeg.size() * 9 / 10, jpeg.size() / 2}) {
    DecodeReport report;
    const auto image = Decode(jpeg.substr(0, keep), {}, &report);
    ASSERT_TRUE(image.ok()) << image.status();
    EXPECT_TRUE(report.ends_early);
    EXPECT_EQ(report.warning, "Premature end of JPEG file");
  }
}

TEST(DecodeTest, AFaultBelowTheRegionDoesNotMatter) {
  const std::string jpeg = JpegOf(Noise(64, 128, 3, 1));
  const auto whole = Decode(jpeg);
  const Rect top = {8, 0, 40, 16};
  Image region;
  DecodeReport report;
  ASSERT_TRUE(
      DecodeRegion(jpeg.substr(0, jpeg.size() / 2), {}, top, &region, &report)
          .ok());
  EXPECT_FALSE(report.ends_early);
  EXPECT_TRUE(SamePixels(region, CropOf(*whole, top)));
}

TEST(DecodeTest, JunkBetweenSegmentsIsAWarning) {
  std::string jpeg = JpegOf(Scene(16, 16, 3));
  const auto clean = Decode(jpeg);
  jpeg.insert(2, "junk");
  DecodeReport report;
  const auto image = Decode(jpeg, {}, &report);
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_FALSE(report.ends_early);
  EXPECT_THAT(report.warning, HasSubstr("4 extraneous bytes"));
  EXPECT_TRUE(SamePixels(*image, *clean));
}

TEST(DecodeTest, DamagedBytesGiveAnErrorOrAnImage) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  DecodeOptions options;
  options.limits.max_pixels = 1 << 16;
  for (const std::string& file :
       {JpegOf(Scene(40, 30, 3)), *EncodePng(Scene(40, 30, 3).view())}) {
    for (int i = 0; i < 2000; ++i) {
      std::string damaged = file;
      for (int k = 0; k < 4; ++k) {
        damaged[random() % damaged.size()] = static_cast<char>(random());
      }
      const auto image = Decode(damaged, options);
      if (image.ok()) ASSERT_LE(image->pixels().size(), 3U << 16);
    }
  }
}

}  // namespace
}  // namespace millrace
