// Every decoder that works from a JpegLayout gives the pixels of a plain decode
// by libjpeg, and the same verdict.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <random>

#include "image/decode_scratch.h"
#include "image/jpeg_layout.h"
#include "image/jpeg_tiling.h"
#include "image/stored_decoder.h"
#include "tests/image/image_testing.h"
#include "tests/image/jpeg_testing.h"

namespace millrace {
namespace {

using OpenLayout = std::function<absl::StatusOr<std::unique_ptr<StoredDecoder>>(
    absl::string_view, const JpegLayout&, const DecodeLimits&)>;

struct Implementation {
  const char* name;
  OpenLayout open;
  // 1 alone, or all.
  int max_scale;
};

// Takes a few rows at a time.
class FewRows final : public RowSink {
 public:
  FewRows(std::mt19937* random, Image* image)
      : random_(*random), image_(image) {}

  void Begin(int width, int height, int channels) override {
    image_->Reset(width, height, channels);
    y_ = 0;
  }
  ImageSpan Room(int rows) override {
    EXPECT_GT(rows, 0);
    EXPECT_LE(rows, image_->height() - y_);
    rows_.Reset(image_->width(), 1 + random_() % std::min(rows, 16),
                image_->channels());
    return rows_.span();
  }
  void Filled() override {
    std::copy_n(rows_.row(0), rows_.pixels().size(), image_->row(y_));
    y_ += rows_.height();
  }
  bool IsWhole() const { return y_ == image_->height(); }

 private:
  std::mt19937& random_;
  Image* const image_;
  Image rows_;
  int y_ = 0;
};

class LayoutDecodersTest : public testing::TestWithParam<Implementation> {
 protected:
  LayoutDecodersTest() : seed_(std::random_device{}()), random_(seed_) {}
  void SetUp() override { RecordProperty("seed", std::to_string(seed_)); }

  absl::StatusOr<Image> Decode(absl::string_view jpeg, const JpegLayout& layout,
                               const DecodeRequest& request) {
    auto decoder = GetParam().open(jpeg, layout, {});
    if (!decoder.ok()) return decoder.status();
    Image image;
    DecodeReport report;
    const absl::Status status = (*decoder)->Decode(request, &image, &report);
    ExpectSameByRows(jpeg, layout, request, status, image);
    if (!status.ok()) return status;
    return image;
  }

  void ExpectSameByRows(absl::string_view jpeg, const JpegLayout& layout,
                        const DecodeRequest& request,
                        const absl::Status& expected, const Image& image) {
    auto decoder = GetParam().open(jpeg, layout, {});
    ASSERT_TRUE(decoder.ok());
    Image whole;
    Image spare;
    DecodeReport report;
    FewRows rows(&random_, &whole);
    ASSERT_EQ((*decoder)->DecodeRows(request, &rows, &spare, &report),
              expected);
    if (!expected.ok()) return;
    EXPECT_TRUE(rows.IsWhole());
    EXPECT_TRUE(SamePixels(whole, image));
  }

  // All of a file at a scale, and some regions.
  void ExpectSamePixels(absl::string_view jpeg, const JpegLayout& layout,
                        int scale, int regions) {
    const int width = ScaledSide(layout.width, scale);
    const int height = ScaledSide(layout.height, scale);
    DecodeOptions options;
    options.apply_orientation = false;
    options.scale_denominator = scale;
    const auto whole = millrace::Decode(jpeg, options);
    ASSERT_TRUE(whole.ok()) << whole.status();
    Rect rect = {0, 0, width, height};
    for (int i = 0; i <= regions; ++i) {
      const auto part = Decode(jpeg, layout, {rect, whole->channels(), scale});
      ASSERT_TRUE(part.ok()) << part.status() << ", seed " << seed_;
      ASSERT_TRUE(SamePixels(*part, CropOf(*whole, rect)))
          << rect.width << "x" << rect.height << " at " << rect.x << ", "
          << rect.y << " of " << width << "x" << height << " at 1/" << scale
          << ", seed " << seed_;
      rect = RandomRect(width, height, &random_);
    }
  }

  // The same at every scale.
  void ExpectSamePixels(const std::string& jpeg, int regions) {
    const auto layout = ParseJpegLayout(jpeg);
    ASSERT_TRUE(layout.ok()) << layout.status();
    for (int scale = 1; scale <= GetParam().max_scale; scale *= 2) {
      ExpectSamePixels(jpeg, *layout, scale, regions);
    }
  }

  const uint32_t seed_;
  std::mt19937 random_;
};

TEST_P(LayoutDecodersTest, GiveTheSamePixelsForEverySampling) {
  for (const auto& [columns, rows] :
       {std::pair(1, 1), {2, 1}, {1, 2}, {2, 2}, {4, 1}, {4, 2}, {3, 1}}) {
    for (int i = 0; i < 12; ++i) {
      JpegKind kind;
      kind.luma_columns = columns;
      kind.luma_rows = rows;
      // None, every MCU, lengths that do and do not divide a row.
      kind.restart_interval = static_cast<int>(random_() % 9);
      const Image scene =
          Noise(1 + random_() % 150, 1 + random_() % 90, 3, random_());
      SCOPED_TRACE(testing::Message()
                   << columns << ":" << rows << ", restarts every "
                   << kind.restart_interval);
      ExpectSamePixels(WriteJpeg(scene, kind), 8);
    }
  }
}

// Libjpeg filters no chroma of one or two columns, which a part must not have
// if the whole has more.
TEST_P(LayoutDecodersTest, GiveTheSamePixelsForNarrowPartsOfSmallImages) {
  JpegKind kind;
  kind.luma_columns = 2;
  kind.luma_rows = 1;
  kind.restart_interval = 1;
  for (int width = 1; width <= 70; ++width) {
    const std::string jpeg = WriteJpeg(Noise(width, 20, 3, random_()), kind);
    const auto layout = ParseJpegLayout(jpeg);
    ASSERT_TRUE(layout.ok()) << layout.status();
    for (int scale = 1; scale <= GetParam().max_scale; scale *= 2) {
      DecodeOptions options;
      options.scale_denominator = scale;
      const auto whole = millrace::Decode(jpeg, options);
      ASSERT_TRUE(whole.ok()) << whole.status();
      for (int x = 0; x < whole->width(); ++x) {
        const Rect column = {x, 0, 1, 1};
        const auto part = Decode(jpeg, *layout, {column, 3, scale});
        ASSERT_TRUE(part.ok()) << part.status();
        ASSERT_TRUE(SamePixels(*part, CropOf(*whole, column)))
            << "column " << x << " of " << width << " at 1/" << scale;
      }
    }
  }
}

TEST_P(LayoutDecodersTest, GiveTheSamePixelsForGrayAndRgb) {
  for (int i = 0; i < 30; ++i) {
    JpegKind kind;
    kind.rgb = i % 2 == 0;
    kind.restart_interval = static_cast<int>(random_() % 7);
    const Image scene = Noise(1 + random_() % 120, 1 + random_() % 80,
                              kind.rgb ? 3 : 1, random_());
    if (kind.rgb) kind.luma_columns = kind.luma_rows = 1;
    ExpectSamePixels(WriteJpeg(scene, kind), 8);
  }
}

TEST_P(LayoutDecodersTest, GiveTheSamePixelsForWildCoefficients) {
  for (const int amplitude : {3, 100, 1023}) {
    for (int i = 0; i < 6; ++i) {
      JpegKind kind;
      kind.luma_columns = kind.luma_rows = 1 + i % 2;
      kind.restart_interval = 1 + static_cast<int>(random_() % 5);
      const std::string jpeg = WildJpeg(1 + random_() % 70, 1 + random_() % 70,
                                        3, kind, amplitude, 0.3, &random_);
      ExpectSamePixels(jpeg, 6);
    }
  }
}

TEST_P(LayoutDecodersTest, GiveTheSamePixelsForNarrowAndLongImages) {
  for (const auto& [width, height] : {std::pair(1, 1),
                                      {2, 2},
                                      {3, 5},
                                      {17, 16},
                                      {33, 1},
                                      {1, 33},
                                      {35, 64},
                                      {129, 3},
                                      {65500, 1},
                                      {1, 65500}}) {
    for (const int factor : {1, 2}) {
      JpegKind kind;
      kind.luma_columns = kind.luma_rows = factor;
      kind.restart_interval = 1;
      ExpectSamePixels(WriteJpeg(Scene(width, height, 3), kind), 12);
    }
  }
}

TEST_P(LayoutDecodersTest, ConvertBetweenGrayAndColorAsThePlainDecodeDoes) {
  const std::string color = WriteJpeg(Scene(50, 40, 3), {});
  const std::string gray = WriteJpeg(Scene(50, 40, 1), {});
  for (const auto& [jpeg, channels] : {std::pair(color, 1), {gray, 3}}) {
    const auto layout = ParseJpegLayout(jpeg);
    ASSERT_TRUE(layout.ok());
    DecodeOptions options;
    options.channels = channels;
    const auto whole = millrace::Decode(jpeg, options);
    const auto part = Decode(jpeg, *layout, {{3, 5, 40, 30}, channels, 1});
    ASSERT_TRUE(whole.ok() && part.ok()) << part.status();
    EXPECT_TRUE(SamePixels(*part, CropOf(*whole, {3, 5, 40, 30})));
  }
}

TEST_P(LayoutDecodersTest, RefuseDamagedTilesOrGiveSomePixels) {
  JpegKind kind;
  kind.restart_interval = 3;
  const std::string jpeg = WriteJpeg(Noise(90, 60, 3, 1), kind);
  const auto layout = ParseJpegLayout(jpeg);
  ASSERT_TRUE(layout.ok());
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    std::string damaged = jpeg;
    for (uint32_t flips = 1 + random_() % 4; flips > 0; --flips) {
      const size_t scan = layout->offsets[0];
      damaged[scan + random_() % (jpeg.size() - scan)] ^= 1 << random_() % 8;
    }
    const Rect rect = RandomRect(90, 60, &random_);
    const auto part = Decode(damaged, *layout, {rect, 3, 1});
    refused += !part.ok();
  }
  EXPECT_GT(refused, 0);
}

TEST_P(LayoutDecodersTest, SurviveOffsetsThatLie) {
  JpegKind kind;
  kind.restart_interval = 2;
  const std::string jpeg = WriteJpeg(Noise(90, 60, 3, 1), kind);
  const auto layout = ParseJpegLayout(jpeg);
  ASSERT_TRUE(layout.ok());
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    JpegLayout lying = *layout;
    lying.offsets[random_() % lying.offsets.size()] = random_() % jpeg.size();
    if (i % 3 == 0) lying.height += 1 + random_() % 16;
    if (!CheckJpegLayout(lying).ok()) continue;  // Never gets that far.
    const Rect rect = RandomRect(90, 60, &random_);
    refused += !Decode(jpeg, lying, {rect, 3, 1}).ok();
  }
  EXPECT_GT(refused, 0);
}

// MILLRACE_TEST_ALL_IMAGES=1: all of them. Otherwise a fifth.
TEST_P(LayoutDecodersTest, GiveTheSamePixelsForRealFiles) {
  const auto data = TestDataDir();
  if (!data) GTEST_SKIP() << "no MILLRACE_TEST_DATA";
  const bool all = std::getenv("MILLRACE_TEST_ALL_IMAGES") != nullptr;
  int files = 0;
  for (const char* folder : {"imagenet-sample", "nasty-images", "coco"}) {
    for (const std::string& path : FilesBelow(*data + "/" + folder)) {
      if (!all && random_() % 5 != 0) continue;
      const std::string bytes = ReadFile(path);
      const auto tiled = TileJpeg(bytes);
      if (!tiled.ok()) continue;
      SCOPED_TRACE(path);
      ExpectSamePixels(tiled->bytes, tiled->layout, 1, 3);
      ++files;
      if (GetParam().max_scale > 1 && files % 4 == 0) {
        ExpectSamePixels(tiled->bytes, tiled->layout, 2 << files / 4 % 3, 3);
      }
    }
  }
  std::printf("%6d files\n", files);
  EXPECT_GT(files, all ? 450 : 50);
}

// As DecodeRegion() does it.
absl::StatusOr<std::unique_ptr<StoredDecoder>> OpenByRecord(
    absl::string_view bytes, const JpegLayout& layout,
    const DecodeLimits& limits) {
  static DecodeScratch scratch;
  return OpenRecordedJpeg(bytes, SerializeJpegLayout(layout), limits, &scratch);
}

INSTANTIATE_TEST_SUITE_P(
    Decoders, LayoutDecodersTest,
    testing::Values(Implementation{"LibjpegOverTiles", OpenJpegTiles, 8},
                    Implementation{"ByRecord", OpenByRecord, 8}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace millrace
