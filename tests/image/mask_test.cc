#include "image/mask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "absl/strings/str_cat.h"
#include "tests/image/image_testing.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Rows of '.' and '#'.
std::string Drawn(const RunLengthMask& mask) {
  const std::vector<uint8_t> raster = RasterOf(mask);
  std::string rows;
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      rows.push_back(raster[y * mask.width + x] ? '#' : '.');
    }
    rows.push_back('\n');
  }
  return rows;
}

absl::Status ParseError(absl::string_view text, int height, int width) {
  return ParseRunLengths(text, height, width).status();
}

// Expected rasters and strings below are those of COCO's own mask API.

TEST(MaskTest, TriangleIsRasterisedAsCocoDefines) {
  const double ring[] = {1, 1, 8, 2, 5, 7};
  const RunLengthMask mask = RunLengthsOfPolygon(ring, 8, 10);
  EXPECT_EQ(Drawn(mask),
            "..........\n"
            ".####.....\n"
            "..######..\n"
            "...####...\n"
            "...###....\n"
            "....##....\n"
            "..........\n"
            "..........\n");
  EXPECT_EQ(CompressRunLengths(mask), "9171O2N10O0N2O?");
  EXPECT_EQ(AreaOf(mask), 19);
}

TEST(MaskTest, StarLeavesItsMiddleOpen) {
  const double ring[] = {1.2, 8.3, 4.1, 0.4, 7.7, 8.3, 0.9, 3.3, 8.1, 3.1};
  const RunLengthMask mask = RunLengthsOfPolygon(ring, 9, 9);
  EXPECT_EQ(CompressRunLengths(mask), "<180I13ON11080JOL14O9");
  EXPECT_EQ(Drawn(mask).substr(30, 9), ".##...##.");
}

TEST(MaskTest, HalfPixelsRoundAsCocoDoes) {
  const double ring[] = {0.5, 0.5, 6.4, 0.5, 6.4, 4.5, 0.5, 4.5};
  EXPECT_EQ(CompressRunLengths(RunLengthsOfPolygon(ring, 5, 7)), "64100000004");
}

TEST(MaskTest, PolygonAroundTheImageCoversAllOfIt) {
  const double ring[] = {-3, -2, 9, -2, 9, 9, -3, 9};
  EXPECT_THAT(RunLengthsOfPolygon(ring, 6, 6).counts, ElementsAre(0, 36));
}

TEST(MaskTest, PointsVeryFarAwayCostNothing) {
  const double huge[] = {-1e300, -1e300, 1e300,  -1e300,
                         1e300,  1e300,  -1e300, 1e300};
  EXPECT_THAT(RunLengthsOfPolygon(huge, 6, 6).counts, ElementsAre(0, 36));
  const double nan = std::nan("");
  const double odd[] = {nan, nan, HUGE_VAL, -HUGE_VAL, 3, 3};
  EXPECT_TRUE(CheckRunLengths(RunLengthsOfPolygon(odd, 6, 6)).ok());
}

TEST(MaskTest, DegenerateRingsCoverNothing) {
  const double point[] = {2, 2, 2, 2, 2, 2};
  const double line[] = {1, 1, 3, 3};
  EXPECT_THAT(RunLengthsOfPolygon(point, 4, 4).counts, ElementsAre(16));
  EXPECT_THAT(RunLengthsOfPolygon(line, 4, 4).counts, ElementsAre(16));
  EXPECT_THAT(RunLengthsOfPolygon({}, 4, 4).counts, ElementsAre(16));
}

TEST(MaskTest, RasterAndRunsAreTheSameMask) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 200; ++i) {
    const int height = 1 + random() % 40;
    const int width = 1 + random() % 200;
    const unsigned density = 1 + random() % 9;
    std::vector<uint8_t> raster(height * width);
    for (uint8_t& pixel : raster) pixel = random() % 10 < density;
    for (int y = 1; y < height; ++y) {  // Some rows are those above.
      if (random() % 2 != 0) continue;
      std::copy_n(&raster[(y - 1) * width], width, &raster[y * width]);
    }
    const RunLengthMask mask = RunLengthsOf(raster.data(), height, width);
    ASSERT_TRUE(CheckRunLengths(mask).ok());
    ASSERT_EQ(RasterOf(mask), raster);
    std::vector<uint8_t> used(raster.size(), 77);
    PaintRaster(mask, used.data());
    ASSERT_EQ(used, raster);
    ASSERT_EQ(AreaOf(mask), std::count(raster.begin(), raster.end(), 1));
    const auto parsed =
        ParseRunLengths(CompressRunLengths(mask), height, width);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    ASSERT_EQ(parsed->counts, mask.counts);
  }
}

TEST(MaskTest, LongRunsSurviveTheString) {
  const RunLengthMask mask = {
      30'000, 60'000, {0, 5, 1'799'999'000, 1, 0, 900, 94}};
  ASSERT_TRUE(CheckRunLengths(mask).ok());
  const auto parsed = ParseRunLengths(CompressRunLengths(mask), 30'000, 60'000);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->counts, mask.counts);
}

TEST(MaskTest, HostileStringsAreInvalid) {
  // A number that never ends; a sign that makes a run negative; characters
  // outside of the alphabet; sums that miss the size.
  for (const absl::string_view text :
       {"", "P", "oooooooooooo", "PPPPPPPPPP0", "O", "\x1F", "~", "9", "0T2",
        "o\xFF", "o_______0"}) {
    EXPECT_EQ(ParseError(text, 6, 6).code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(MaskTest, RandomStringsNeverGiveAnUncheckedMask) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 12, ' ');
    for (char& c : text) c = static_cast<char>(48 + random() % 64);
    const auto mask = ParseRunLengths(text, 5, 5);
    if (mask.ok()) ASSERT_EQ(RasterOf(*mask).size(), 25);
  }
}

TEST(MaskTest, ImpossibleSizesAreInvalid) {
  for (const auto& [height, width] :
       {std::pair{0, 5}, {5, 0}, {-1, 5}, {65'536, 32'768}}) {
    EXPECT_THAT(ParseError("0", height, width).message(),
                HasSubstr(absl::StrCat(height, "x", width)));
    EXPECT_FALSE(CheckRunLengths({height, width, {}}).ok());
  }
}

TEST(MaskTest, RunsThatOverflowAreInvalid) {
  const RunLengthMask mask = {6, 6, {0xFFFFFFFF, 37}};
  EXPECT_THAT(CheckRunLengths(mask).message(), HasSubstr("4294967332"));
}

class CocoMaskTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const auto data = TestDataDir();
    if (!data) GTEST_SKIP() << "no MILLRACE_TEST_DATA";
    coco_ = nlohmann::json::parse(ReadFile(absl::StrCat(*data, GetParam())));
    for (const auto& image : coco_["images"]) {
      sizes_[image["id"]] = {image["height"], image["width"]};
    }
  }

  nlohmann::json coco_;
  std::map<int64_t, std::pair<int, int>> sizes_;
};

// The first and last column and row with a pixel, as (x, y, width, height).
Rect ExtentOf(const RunLengthMask& mask) {
  const std::vector<uint8_t> raster = RasterOf(mask);
  int left = mask.width, right = -1, top = mask.height, bottom = -1;
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      if (!raster[y * mask.width + x]) continue;
      left = std::min(left, x);
      right = std::max(right, x);
      top = std::min(top, y);
      bottom = std::max(bottom, y);
    }
  }
  return {left, top, right - left + 1, bottom - top + 1};
}

// COCO states the boxes of crowds as last minus first, one less than the
// extent.
TEST_P(CocoMaskTest, CrowdRunsFillExactlyTheirBox) {
  int crowds = 0;
  for (const auto& annotation : coco_["annotations"]) {
    const auto& runs = annotation["segmentation"];
    if (!runs.is_object()) continue;
    const RunLengthMask mask = {runs["size"][0], runs["size"][1],
                                runs["counts"]};
    ASSERT_TRUE(CheckRunLengths(mask).ok());
    const auto& box = annotation["bbox"];
    const Rect expected = {box[0], box[1], box[2].get<int>() + 1,
                           box[3].get<int>() + 1};
    EXPECT_EQ(ExtentOf(mask), expected) << annotation["id"];
    ++crowds;
  }
  EXPECT_GT(crowds, 0);
}

// COCO computed areas from the outlines: masks differ by part of their rim.
TEST_P(CocoMaskTest, PolygonsCoverAboutTheirArea) {
  double covered = 0;
  double stated = 0;
  for (const auto& annotation : coco_["annotations"]) {
    if (!annotation["segmentation"].is_array()) continue;
    const auto [height, width] = sizes_.at(annotation["image_id"]);
    uint64_t area = 0;
    for (const auto& ring : annotation["segmentation"]) {
      const std::vector<double> points = ring;
      area += AreaOf(RunLengthsOfPolygon(points, height, width));
    }
    covered += static_cast<double>(area);
    stated += annotation["area"].get<double>();
    EXPECT_NEAR(area, annotation["area"].get<double>(),
                10 + 0.15 * annotation["area"].get<double>());
  }
  EXPECT_NEAR(covered / stated, 1, 0.02);
}

TEST(CompressedCocoMaskTest, StringsCoverExactlyTheirArea) {
  const auto data = TestDataDir();
  if (!data) GTEST_SKIP() << "no MILLRACE_TEST_DATA";
  const auto coco = nlohmann::json::parse(
      ReadFile(*data + "/coco-panoptic/panoptic_coco_detection_format.json"));
  for (const auto& annotation : coco["annotations"]) {
    const auto& runs = annotation["segmentation"];
    const std::string text = runs["counts"];
    const auto mask = ParseRunLengths(text, runs["size"][0], runs["size"][1]);
    ASSERT_TRUE(mask.ok()) << mask.status();
    EXPECT_EQ(AreaOf(*mask), annotation["area"].get<uint64_t>());
    EXPECT_EQ(CompressRunLengths(*mask), text);
  }
  EXPECT_EQ(coco["annotations"].size(), 50);
}

INSTANTIATE_TEST_SUITE_P(
    RealFiles, CocoMaskTest,
    testing::Values("/coco/annotations/instances_train2017.json",
                    "/coco/annotations/instances_val2017.json",
                    "/coco-eval/annotations/instances_val2014_100.json"));

}  // namespace
}  // namespace millrace
