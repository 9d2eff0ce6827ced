#include "image/jpeg_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"

#include "tests/image/image_testing.h"
#include "tests/image/jpeg_testing.h"

namespace millrace {
namespace {

using testing::HasSubstr;

JpegKind Kind(int columns, int rows, int restart_interval) {
  JpegKind kind;
  kind.luma_columns = columns;
  kind.luma_rows = rows;
  kind.restart_interval = restart_interval;
  return kind;
}

void ExpectNoLayout(const std::string& jpeg, absl::string_view reason) {
  const auto layout = ParseJpegLayout(jpeg);
  EXPECT_EQ(layout.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(layout.status().message()),
              HasSubstr(std::string(reason)));
}

TEST(JpegLayoutTest, SaysWhatTheMarkersSay) {
  const std::string jpeg = WriteJpeg(Scene(70, 41, 3), Kind(2, 1, 4));
  const auto layout = ParseJpegLayout(jpeg);
  ASSERT_TRUE(layout.ok()) << layout.status();
  EXPECT_EQ(layout->width, 70);
  EXPECT_EQ(layout->height, 41);
  EXPECT_EQ(layout->color, JpegColor::kYcc);
  EXPECT_EQ(layout->component_count, 3);
  EXPECT_EQ(layout->max_h(), 2);
  EXPECT_EQ(layout->max_v(), 1);
  EXPECT_EQ(layout->mcus_per_row(), 5);
  EXPECT_EQ(layout->mcu_rows(), 6);
  EXPECT_EQ(layout->interval_count(), 8);
  ASSERT_EQ(layout->offsets.size(), 9u);
  EXPECT_EQ(layout->offsets.back(), jpeg.size());
  for (int i = 1; i < 8; ++i) {
    EXPECT_EQ(static_cast<uint8_t>(jpeg[layout->offsets[i] - 1]),
              0xD0 + (i - 1) % 8);
  }
  // Annex K's luma quantisers at quality 75, in natural order.
  EXPECT_EQ(layout->quantizers[0][0], 8);
  EXPECT_EQ(layout->quantizers[0][8], 6);
  EXPECT_EQ(layout->dc_tables[0].symbol_count(), 12);
  EXPECT_EQ(layout->ac_tables[1].symbol_count(), 162);
}

TEST(JpegLayoutTest, GrayHasOneBlockAnMcuWhateverItsFactors) {
  const auto layout =
      ParseJpegLayout(WriteJpeg(Scene(33, 17, 1), Kind(2, 2, 0)));
  ASSERT_TRUE(layout.ok()) << layout.status();
  EXPECT_EQ(layout->color, JpegColor::kGray);
  EXPECT_EQ(layout->mcus_per_row(), 5);
  EXPECT_EQ(layout->interval_mcus(), 15);
  EXPECT_EQ(layout->offsets.size(), 2u);
}

TEST(JpegLayoutTest, RgbIsToldFromYcc) {
  JpegKind kind;
  kind.rgb = true;
  const auto layout = ParseJpegLayout(WriteJpeg(Scene(9, 9, 3), kind));
  ASSERT_TRUE(layout.ok()) << layout.status();
  EXPECT_EQ(layout->color, JpegColor::kRgb);
}

TEST(JpegLayoutTest, WhatItCannotSayIsUnimplemented) {
  JpegKind progressive;
  progressive.progressive = true;
  ExpectNoLayout(WriteJpeg(Scene(9, 9, 3), progressive), "FFc2");
  JpegKind arithmetic;
  arithmetic.arithmetic = true;
  ExpectNoLayout(WriteJpeg(Scene(9, 9, 3), arithmetic), "marker");
  ExpectNoLayout("", "no scan");
  const std::string jpeg = WriteJpeg(Scene(40, 40, 3), Kind(2, 2, 1));
  ExpectNoLayout(jpeg.substr(0, jpeg.size() - 2), "without end");
  std::string swapped = jpeg;
  const auto layout = ParseJpegLayout(jpeg);
  ASSERT_TRUE(layout.ok()) << layout.status();
  swapped[layout->offsets[1] - 1] = '\xD1';
  ExpectNoLayout(swapped, "next restart");
  ExpectNoLayout(absl::StrCat(jpeg.substr(0, 2), "junk", jpeg.substr(2)),
                 "more than segments");
  ExpectNoLayout(absl::StrCat(jpeg.substr(0, 2), "\xFF\xD0", jpeg.substr(2)),
                 "more than segments");
}

TEST(JpegLayoutTest, RecordReturnsTheLayout) {
  for (const int interval : {0, 1, 3, 4, 200}) {
    for (const int channels : {1, 3}) {
      JpegKind kind = Kind(2, 2, interval);
      kind.quality = interval == 1 ? 1 : 90;
      kind.optimize = interval == 4;
      // One interval of it is longer than 65,535 bytes if there are no markers.
      const std::string jpeg = WriteJpeg(Noise(300, 300, channels, 1), kind);
      auto layout = ParseJpegLayout(jpeg);
      ASSERT_TRUE(layout.ok()) << layout.status();
      layout->needs_libjpeg = interval == 3;
      const std::string record = SerializeJpegLayout(*layout);
      JpegLayout again;
      again.offsets.resize(7'000);
      const absl::Status parsed =
          ParseSerializedJpegLayout(record, jpeg.size(), &again);
      ASSERT_TRUE(parsed.ok()) << parsed;
      EXPECT_EQ(again, *layout);
      EXPECT_EQ(SerializeJpegLayout(again), record);
      EXPECT_LT(record.size(), 1'000 + 2 * layout->offsets.size());
    }
  }
}

class BadRecordTest : public testing::Test {
 protected:
  void ExpectRefused(absl::string_view reason) {
    const std::string record = SerializeJpegLayout(layout_);
    const absl::Status parsed =
        ParseSerializedJpegLayout(record, jpeg_.size(), &parsed_);
    EXPECT_EQ(parsed.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(parsed.message()), HasSubstr(std::string(reason)));
  }

  const std::string jpeg_ = WriteJpeg(Scene(64, 64, 3), Kind(2, 2, 2));
  JpegLayout layout_ = ParseJpegLayout(jpeg_).value();
  JpegLayout parsed_;
};

TEST_F(BadRecordTest, OtherVersionsAreRefused) {
  std::string record = SerializeJpegLayout(layout_);
  record[0] = 2;
  const absl::Status parsed =
      ParseSerializedJpegLayout(record, jpeg_.size(), &parsed_);
  EXPECT_EQ(parsed.message(), "decode record: version 2; this program knows 1");
}

TEST_F(BadRecordTest, EveryTruncationIsRefused) {
  const std::string record = SerializeJpegLayout(layout_);
  for (size_t size = 0; size < record.size(); ++size) {
    EXPECT_FALSE(ParseSerializedJpegLayout(record.substr(0, size), jpeg_.size(),
                                           &parsed_)
                     .ok())
        << size;
  }
  EXPECT_FALSE(
      ParseSerializedJpegLayout(record + '\0', jpeg_.size(), &parsed_).ok());
}

TEST_F(BadRecordTest, OffsetsBeyondTheFileAreRefused) {
  layout_.offsets.back() += 1;
  ExpectRefused("ends at byte");
}

TEST_F(BadRecordTest, IntervalsShorterThanTheirMarkerAreRefused) {
  layout_.offsets[2] = layout_.offsets[1] + 1;
  ExpectRefused("ends before it begins");
}

TEST_F(BadRecordTest, OtherDimensionsThanIntervalsAreRefused) {
  layout_.height += 16;
  ExpectRefused("does not fit the image's size");
}

TEST_F(BadRecordTest, OverfullHuffmanTablesAreRefused) {
  layout_.dc_tables[0].counts[0] = 3;
  ExpectRefused("more codes than fit");
}

TEST_F(BadRecordTest, DcSymbolsOver15AreRefused) {
  layout_.dc_tables[1].symbols[3] = 16;
  ExpectRefused("a DC symbol is over 15");
}

TEST_F(BadRecordTest, TooManyBlocksAnMcuAreRefused) {
  layout_.components.fill(layout_.components[0]);
  ExpectRefused("too many blocks");
}

TEST_F(BadRecordTest, NoMutantBreaksTheParser) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const std::string record = SerializeJpegLayout(layout_);
  for (int i = 0; i < 20'000; ++i) {
    std::string mutant = record;
    mutant[random() % mutant.size()] = static_cast<char>(random());
    mutant[random() % 24] ^= static_cast<char>(1 << random() % 8);
    if (!ParseSerializedJpegLayout(mutant, jpeg_.size(), &parsed_).ok()) {
      continue;
    }
    ASSERT_TRUE(CheckJpegLayout(parsed_).ok());
    ASSERT_LE(parsed_.offsets.back(), jpeg_.size());
  }
}

}  // namespace
}  // namespace millrace
