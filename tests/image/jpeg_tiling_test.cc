#include "image/jpeg_tiling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <string>

#include <random>

#include "absl/strings/str_cat.h"
#include "image/jpeg_huffman.h"
#include "image/jpeg_markers.h"
#include "tests/image/image_testing.h"
#include "tests/image/jpeg_testing.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

bool DecodesAlike(absl::string_view a, absl::string_view b) {
  const auto first = Decode(a);
  const auto second = Decode(b);
  return first.ok() && second.ok() && SamePixels(*first, *second);
}

std::string Segment(uint8_t marker, absl::string_view body) {
  const auto byte = [](size_t value) { return static_cast<char>(value); };
  return absl::StrCat(
      std::string{'\xFF', byte(marker), byte((body.size() + 2) >> 8),
                  byte(body.size() + 2)},
      body);
}

// The bodies of a kind of segment.
std::vector<std::string> Bodies(absl::string_view jpeg, uint8_t marker) {
  std::vector<std::string> bodies;
  JpegSegmentReader reader(jpeg);
  while (const auto segment = reader.Next()) {
    if (segment->marker == marker) bodies.emplace_back(segment->body);
  }
  return bodies;
}

TEST(JpegTilingTest, NoPixelChangesWhateverTheCoding) {
  std::mt19937 random(1);
  for (const bool progressive : {false, true}) {
    for (const bool arithmetic : {false, true}) {
      for (const int factor : {1, 2}) {
        JpegKind kind;
        kind.luma_columns = kind.luma_rows = factor;
        kind.progressive = progressive;
        kind.arithmetic = arithmetic;
        const std::string jpeg = WriteJpeg(Scene(203, 99, 3), kind);
        const auto tiled = TileJpeg(jpeg);
        ASSERT_TRUE(tiled.ok()) << tiled.status();
        EXPECT_TRUE(DecodesAlike(jpeg, tiled->bytes));
      }
    }
  }
}

TEST(JpegTilingTest, NoPixelChangesWhateverTheSize) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 200; ++i) {
    JpegKind kind;
    kind.luma_columns = 1 + random() % 2;
    kind.luma_rows = 1 + random() % 2;
    kind.quality = 1 + random() % 100;
    const int channels = random() % 4 == 0 ? 1 : 3;
    const std::string jpeg = WriteJpeg(
        Noise(1 + random() % 90, 1 + random() % 90, channels, random()), kind);
    const auto tiled = TileJpeg(jpeg);
    ASSERT_TRUE(tiled.ok()) << tiled.status();
    EXPECT_TRUE(DecodesAlike(jpeg, tiled->bytes));
    // A part of the same through the record.
    DecodeOptions options;
    const std::string record = SerializeJpegLayout(tiled->layout);
    options.decode_record = record;
    EXPECT_TRUE(SamePixels(*Decode(jpeg), *Decode(tiled->bytes, options)));
  }
}

TEST(JpegTilingTest, HuffmanTablesAreAsGoodAsLibjpegs) {
  for (const int factor : {1, 2}) {
    JpegKind kind;
    kind.luma_columns = kind.luma_rows = factor;
    const std::string jpeg = WriteJpeg(Scene(401, 299, 3), kind);
    const auto tiled = TileJpeg(jpeg);
    ASSERT_TRUE(tiled.ok());
    const std::string theirs =
        RewriteJpeg(jpeg, tiled->layout.restart_interval);
    EXPECT_LE(tiled->bytes.size(), theirs.size() + 32);
  }
}

TEST(JpegTilingTest, MetadataAreKept) {
  const std::string jpeg = WriteJpeg(Scene(64, 48, 3), {});
  const std::string exif(
      "Exif\0\0II*\0\x8\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0", 32);
  const std::string icc("ICC_PROFILE\0\1\1the profile", 25);
  const std::string edited = absl::StrCat(
      jpeg.substr(0, 2), Segment(kJpegApp1, exif), Segment(0xE2, icc),
      Segment(kJpegComment, "a comment"), jpeg.substr(2));
  const auto tiled = TileJpeg(edited);
  ASSERT_TRUE(tiled.ok()) << tiled.status();
  EXPECT_THAT(Bodies(tiled->bytes, kJpegApp1), ElementsAre(exif));
  EXPECT_THAT(Bodies(tiled->bytes, 0xE2), ElementsAre(icc));
  EXPECT_THAT(Bodies(tiled->bytes, kJpegComment), ElementsAre("a comment"));
  EXPECT_EQ(Bodies(tiled->bytes, kJpegApp0).size(), 1u);
  EXPECT_EQ(ReadImageHeader(tiled->bytes)->orientation, 6);
  EXPECT_TRUE(DecodesAlike(edited, tiled->bytes));
  // Turned upright, from tiles and without.
  DecodeOptions options;
  const std::string record = SerializeJpegLayout(tiled->layout);
  options.decode_record = record;
  EXPECT_TRUE(SamePixels(*Decode(edited), *Decode(tiled->bytes, options)));
}

// libjpeg's own list of markers would take 12 s of CPU here, and hours for a
// file of some megabytes.
TEST(JpegTilingTest, TimeIsLinearInTheNumberOfComments) {
  const std::string jpeg = WriteJpeg(Scene(64, 48, 3), {});
  std::string comments;
  for (int i = 0; i < 100'000; ++i) {
    comments += Segment(kJpegComment, std::to_string(i));
  }
  const std::clock_t begin = std::clock();
  const auto tiled =
      TileJpeg(absl::StrCat(jpeg.substr(0, 2), comments, jpeg.substr(2)));
  const double seconds =
      static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  ASSERT_TRUE(tiled.ok()) << tiled.status();
  EXPECT_EQ(Bodies(tiled->bytes, kJpegComment).size(), 100'000u);
  EXPECT_LT(seconds, 4);
}

TEST(JpegTilingTest, RgbStaysRgb) {
  JpegKind kind;
  kind.rgb = true;
  kind.luma_columns = kind.luma_rows = 1;
  const std::string jpeg = WriteJpeg(Scene(64, 48, 3), kind);
  const auto tiled = TileJpeg(jpeg);
  ASSERT_TRUE(tiled.ok()) << tiled.status();
  EXPECT_EQ(tiled->layout.color, JpegColor::kRgb);
  EXPECT_EQ(Bodies(tiled->bytes, kJpegApp14).size(), 1u);
  EXPECT_TRUE(DecodesAlike(jpeg, tiled->bytes));
}

TEST(JpegTilingTest, FilesThatDecodeOnlyWithAWarningAreRefused) {
  std::string jpeg = WriteJpeg(Noise(64, 48, 3, 1), {});
  jpeg.resize(jpeg.size() / 2);
  const absl::Status status = TileJpeg(jpeg).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("JPEG: "));
  EXPECT_FALSE(TileJpeg("").ok());
  EXPECT_FALSE(TileJpeg("no JPEG at all").ok());
}

TEST(JpegTilingTest, ScansAndPixelsOverALimitAreRefused) {
  JpegKind kind;
  kind.progressive = true;
  const std::string jpeg = WriteJpeg(Scene(64, 64, 3), kind);
  DecodeLimits limits;
  limits.max_scans = 9;
  EXPECT_TRUE(absl::IsResourceExhausted(TileJpeg(jpeg, limits).status()));
  limits = {};
  limits.max_pixels = 64 * 63;
  EXPECT_TRUE(absl::IsResourceExhausted(TileJpeg(jpeg, limits).status()));
}

TEST(JpegTilingTest, SamplingThatDoesNotDivideTheMcuIsRefused) {
  // Luma 3 x 1 over chroma 1 x 1 divides, 3 x 1 over 2 x 1 does not.
  JpegKind kind;
  kind.luma_columns = 3;
  kind.luma_rows = 1;
  std::string jpeg = WriteJpeg(Scene(64, 48, 3), kind);
  EXPECT_TRUE(TileJpeg(jpeg).ok());
  const size_t frame = jpeg.find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  jpeg[frame + 14] = 0x21;  // Sampling factors of the second component.
  EXPECT_EQ(TileJpeg(jpeg).status().code(), absl::StatusCode::kUnimplemented);
}

TEST(TileMcusTest, TilesDivideTheRowWhereOneOfThatLengthDoes) {
  // 500 x 375 pixels in 110 KB, 4:4:4: 63 MCUs a row.
  EXPECT_EQ(TileMcus(63, 47, 110'000), 9);
  // Half the bytes, twice the length.
  EXPECT_EQ(TileMcus(63, 47, 55'000), 21);
  // 47 is prime.
  EXPECT_EQ(TileMcus(47, 63, 110'000), 8);
  EXPECT_EQ(TileMcus(32, 24, 90'000), 4);
}

TEST(TileMcusTest, LengthsStayWithinARow) {
  for (int row = 1; row < 200; ++row) {
    for (const uint64_t bytes : {1u, 100u, 10'000u, 1'000'000u}) {
      const int mcus = TileMcus(row, 30, bytes);
      EXPECT_GE(mcus, std::min(row, 4));
      EXPECT_LE(mcus, row);
    }
  }
  EXPECT_EQ(TileMcus(1, 1, 1), 1);
}

TEST(OptimalHuffmanTableTest, FrequentSymbolsGetShortCodes) {
  JpegSymbolCounts counts = {};
  counts[7] = 100;
  counts[200] = 30;
  counts[3] = 29;
  const JpegHuffmanTable table = OptimalHuffmanTable(counts);
  EXPECT_EQ(table.counts[0], 1);
  EXPECT_EQ(table.counts[1], 1);
  EXPECT_EQ(table.counts[2], 1);
  EXPECT_EQ(table.symbol_count(), 3);
  EXPECT_EQ(table.symbols[0], 7);
}

TEST(OptimalHuffmanTableTest, OneSymbolGetsOneBit) {
  JpegSymbolCounts counts = {};
  counts[5] = 1;
  const JpegHuffmanTable table = OptimalHuffmanTable(counts);
  EXPECT_EQ(table.counts[0], 1);
  EXPECT_EQ(table.symbol_count(), 1);
  EXPECT_EQ(table.symbols[0], 5);
}

TEST(OptimalHuffmanTableTest, NoCodeIsLongerThan16BitsOrAllOnes) {
  JpegSymbolCounts counts = {};
  // Fibonacci numbers make the deepest tree.
  uint32_t a = 1, b = 1;
  for (int i = 0; i < 40; ++i) {
    counts[i] = a;
    std::swap(a, b);
    b += a;
  }
  const JpegHuffmanTable table = OptimalHuffmanTable(counts);
  EXPECT_EQ(table.symbol_count(), 40);
  uint32_t code = 0;
  for (int length = 1; length <= 16; ++length) {
    code = code * 2 + table.counts[length - 1];
  }
  EXPECT_LT(code, 1u << 16);
  EXPECT_EQ(table.symbols[0], 39);
}

// On files as trainers have them. The growth counts the decode record.
TEST(JpegTilingTest, RealFilesGrowByAtMostTwoPercent) {
  const auto data = TestDataDir();
  if (!data) GTEST_SKIP() << "no MILLRACE_TEST_DATA";
  double before = 0;
  double after = 0;
  for (const std::string& path : FilesBelow(*data + "/imagenet-sample")) {
    const std::string jpeg = ReadFile(path);
    const auto tiled = TileJpeg(jpeg);
    ASSERT_TRUE(tiled.ok()) << path << ": " << tiled.status();
    EXPECT_TRUE(DecodesAlike(jpeg, tiled->bytes)) << path;
    before += jpeg.size();
    after += tiled->bytes.size() + SerializeJpegLayout(tiled->layout).size();
  }
  std::printf("%.4f times the bytes\n", after / before);
  EXPECT_LE(after / before, 1.02);
}

}  // namespace
}  // namespace millrace
