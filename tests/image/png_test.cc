#include <gtest/gtest.h>
#include <png.h>

#include <filesystem>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "image/color.h"
#include "image/decode.h"
#include "image/encode.h"
#include "tests/image/image_testing.h"

namespace millrace {
namespace {

DecodeOptions WithChannels(int channels) {
  DecodeOptions options;
  options.channels = channels;
  return options;
}

// What EncodePng() does not make: any depth, any colour type, Adam7.
std::string WritePng(int width, int height, int depth, int color_type,
                     bool interlaced, absl::Span<const uint8_t> bytes) {
  std::string file;
  png_structp png =
      png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &file,
      [](png_structp writer, png_bytep data, size_t size) {
        static_cast<std::string*>(png_get_io_ptr(writer))
            ->append(reinterpret_cast<const char*>(data), size);
      },
      nullptr);
  png_set_IHDR(png, info, width, height, depth, color_type,
               interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  std::vector<png_bytep> rows(height);
  for (int y = 0; y < height; ++y) {
    rows[y] = const_cast<png_bytep>(bytes.data()) + bytes.size() / height * y;
  }
  png_write_image(png, rows.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return file;
}

TEST(PngTest, SixteenBitsKeepTheirUpperEight) {
  const std::vector<uint8_t> pixels = {0x12, 0xFF, 0xFE, 0x00, 0x80, 0x7F};
  const auto gray =
      Decode(WritePng(3, 1, 16, PNG_COLOR_TYPE_GRAY, false, pixels));
  ASSERT_TRUE(gray.ok()) << gray.status();
  EXPECT_EQ(gray->pixels(), (std::vector<uint8_t>{0x12, 0xFE, 0x80}));
  const auto rgb =
      Decode(WritePng(1, 1, 16, PNG_COLOR_TYPE_RGB, false, pixels));
  ASSERT_TRUE(rgb.ok()) << rgb.status();
  EXPECT_EQ(rgb->pixels(), gray->pixels());
}

TEST(PngTest, InterlacedEqualsPlain) {
  const Image image = Noise(19, 13, 3, 4);
  const std::string file =
      WritePng(19, 13, 8, PNG_COLOR_TYPE_RGB, true, image.pixels());
  const auto decoded = Decode(file);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_TRUE(SamePixels(*decoded, image));
  const Rect rect = {4, 3, 7, 9};
  Image region;
  ASSERT_TRUE(DecodeRegion(file, {}, rect, &region).ok());
  EXPECT_TRUE(SamePixels(region, CropOf(image, rect)));
}

TEST(PngTest, RegionsAreCutOutOfEveryColorType) {
  for (const int channels : {1, 3}) {
    const Image image = Noise(25, 17, channels, 6);
    const auto file = EncodePng(image.view());
    ASSERT_TRUE(file.ok());
    for (const Rect& rect : {Rect{0, 0, 1, 1}, Rect{24, 16, 1, 1},
                             Rect{3, 0, 20, 17}, Rect{0, 5, 25, 2}}) {
      Image region;
      ASSERT_TRUE(DecodeRegion(*file, {}, rect, &region).ok());
      EXPECT_TRUE(SamePixels(region, CropOf(image, rect)));
    }
  }
}

TEST(PngTest, GrayAndColorConvertIntoEachOther) {
  const Image color = Noise(5, 4, 3, 8);
  const auto as_gray = Decode(*EncodePng(color.view()), WithChannels(1));
  ASSERT_TRUE(as_gray.ok()) << as_gray.status();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(as_gray->pixels()[i], LumaOf(color.row(0) + 3 * i));
  }
  const Image gray = Noise(5, 4, 1, 8);
  const auto as_color = Decode(*EncodePng(gray.view()), WithChannels(3));
  ASSERT_TRUE(as_color.ok()) << as_color.status();
  for (int i = 0; i < 60; ++i) {
    EXPECT_EQ(as_color->pixels()[i], gray.pixels()[i / 3]);
  }
}

TEST(PngTest, GigapixelsAreRefusedFromTheHeader) {
  std::string file = *EncodePng(Noise(2, 2, 3, 1).view());
  DecodeLimits limits;
  limits.max_pixels = 3;
  EXPECT_EQ(ReadImageHeader(file, limits).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(PngTest, EveryTruncationIsAnErrorOrComplete) {
  const Image image = Noise(40, 30, 3, 3);
  const std::string file = *EncodePng(image.view());
  for (size_t size = 0; size < file.size(); size += 7) {
    const auto decoded = Decode(absl::string_view(file).substr(0, size));
    if (decoded.ok()) {
      EXPECT_TRUE(SamePixels(*decoded, image));
    } else {
      EXPECT_EQ(decoded.status().code(), absl::StatusCode::kInvalidArgument);
    }
  }
}

TEST(PngTest, EqualsPillowForEveryKindThatItWrites) {
  const std::string dir = testing::TempDir() + "/pillow_png";
  std::filesystem::create_directories(dir);
  const int exit_code = RunPython("pillow_png.py", {dir});
  if (exit_code == 77) GTEST_SKIP() << "no Pillow (package python3-pil)";
  ASSERT_EQ(exit_code, 0);
  int files = 0;
  for (const std::string& path : FilesBelow(dir)) {
    if (!absl::EndsWith(path, ".png")) continue;
    const auto ours = Decode(ReadFile(path), WithChannels(3));
    ASSERT_TRUE(ours.ok()) << path << ": " << ours.status();
    const std::string pillow =
        ReadFile(path.substr(0, path.size() - 4) + ".rgb");
    EXPECT_EQ(pillow, std::string(ours->pixels().begin(), ours->pixels().end()))
        << path;
    ++files;
  }
  EXPECT_EQ(files, 11);
}

}  // namespace
}  // namespace millrace
