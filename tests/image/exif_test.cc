#include "image/exif.h"

#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

std::string Number(uint32_t value, int bytes, bool big_endian) {
  std::string out;
  for (int i = 0; i < bytes; ++i) {
    const int shift = 8 * (big_endian ? bytes - 1 - i : i);
    out.push_back(static_cast<char>(value >> shift));
  }
  return out;
}

// A TIFF directory of two entries, the second one of tag `tag`.
std::string Tiff(bool big_endian, uint32_t tag, uint32_t type, uint32_t value) {
  const auto number = [&](uint32_t n, int bytes) {
    return Number(n, bytes, big_endian);
  };
  std::string tiff = big_endian ? "MM" : "II";
  absl::StrAppend(&tiff, number(42, 2), number(8, 4), number(2, 2));
  absl::StrAppend(&tiff, number(0x010F, 2), number(2, 2), number(1, 4),
                  number(0, 4));
  absl::StrAppend(&tiff, number(tag, 2), number(type, 2), number(1, 4),
                  number(value, 2), number(0, 2), number(0, 4));
  return tiff;
}

std::string Segment(uint8_t marker, absl::string_view payload) {
  return absl::StrCat("\xFF", std::string(1, static_cast<char>(marker)),
                      Number(payload.size() + 2, 2, true), payload);
}

std::string Jpeg(absl::string_view segments) {
  return absl::StrCat("\xFF\xD8", segments, "\xFF\xDA rest");
}

std::string Exif(absl::string_view tiff) {
  return Segment(0xE1, absl::StrCat(absl::string_view("Exif\0\0", 6), tiff));
}

constexpr uint32_t kTag = 0x0112;
constexpr uint32_t kShort = 3;

TEST(ExifTest, BothByteOrdersGiveAllEightOrientations) {
  for (const bool big_endian : {false, true}) {
    for (int orientation = 1; orientation <= 8; ++orientation) {
      const std::string tiff = Tiff(big_endian, kTag, kShort, orientation);
      EXPECT_EQ(JpegOrientation(Jpeg(Exif(tiff))), orientation);
    }
  }
}

TEST(ExifTest, NoExifMeansUpright) {
  EXPECT_EQ(JpegOrientation(""), 1);
  EXPECT_EQ(JpegOrientation("\xFF\xD8"), 1);
  EXPECT_EQ(JpegOrientation(Jpeg("")), 1);
  EXPECT_EQ(JpegOrientation(Jpeg(Segment(0xE1, "http://ns.adobe.com/"))), 1);
  EXPECT_EQ(JpegOrientation(Jpeg(Exif(Tiff(true, kTag + 1, kShort, 6)))), 1);
}

TEST(ExifTest, NonsenseMeansUpright) {
  for (const uint32_t value : {0U, 9U, 65'535U}) {
    EXPECT_EQ(JpegOrientation(Jpeg(Exif(Tiff(false, kTag, kShort, value)))), 1);
  }
  constexpr uint32_t kAscii = 2;
  EXPECT_EQ(JpegOrientation(Jpeg(Exif(Tiff(true, kTag, kAscii, 6)))), 1);
  EXPECT_EQ(JpegOrientation(Jpeg(Exif("XX\0*"))), 1);
}

TEST(ExifTest, OtherSegmentsAndFillBytesAreSteppedOver) {
  const std::string exif = Exif(Tiff(true, kTag, kShort, 8));
  const std::string jfif = Segment(0xE0, "JFIF and so on");
  const std::string xmp = Segment(0xE1, "http://ns.adobe.com/xap/1.0/");
  EXPECT_EQ(JpegOrientation(Jpeg(absl::StrCat(jfif, xmp, exif))), 8);
  EXPECT_EQ(JpegOrientation(Jpeg(absl::StrCat(jfif, "junk\xFF\xFF", exif))), 8);
}

TEST(ExifTest, WhatFollowsTheFirstScanIsPixels) {
  const std::string exif = Exif(Tiff(true, kTag, kShort, 8));
  EXPECT_EQ(JpegOrientation(absl::StrCat(Jpeg(""), exif)), 1);
}

TEST(ExifTest, EveryTruncationMeansUprightOrTheTruth) {
  const std::string jpeg = Jpeg(Exif(Tiff(false, kTag, kShort, 6)));
  for (size_t size = 0; size < jpeg.size(); ++size) {
    const int orientation = JpegOrientation(jpeg.substr(0, size));
    EXPECT_TRUE(orientation == 1 || orientation == 6);
  }
}

TEST(ExifTest, FlippedBytesNeverLeaveTheRange) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const std::string jpeg = Jpeg(Exif(Tiff(false, kTag, kShort, 6)));
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = jpeg;
    for (int k = 0; k < 3; ++k) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    const int orientation = JpegOrientation(damaged);
    ASSERT_TRUE(orientation >= 1 && orientation <= 8);
  }
}

}  // namespace
}  // namespace millrace
