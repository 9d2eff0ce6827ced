// The baseline decoder makes the same pixels as libjpeg-turbo, of every file
// that it serves, on every instruction set.
#include "image/baseline_decoder.h"

#include <gtest/gtest.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "image/decode.h"
#include "tests/image/image_testing.h"
#include "tests/image/jpeg_testing.h"

namespace millrace {
namespace {

std::string Describe(const Rect& region) {
  return testing::PrintToString(
      std::vector<int>{region.x, region.y, region.width, region.height});
}

class BaselineDecoderTest : public testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }

  int Below(int n) { return static_cast<int>(random_() % n); }

  // Compares the whole and `crops` regions; counts what was compared. Files
  // that libjpeg does not decode without a warning are passed over.
  void ExpectSamePixels(const std::string& jpeg, int crops) {
    const auto layout = ParseJpegLayout(jpeg);
    if (!layout.ok() || !IsServedByBaselineDecoder(*layout)) return;
    DecodeOptions options;
    options.apply_orientation = false;
    options.channels = Below(4) == 0 ? 4 - LayoutChannels(*layout) : 0;
    DecodeReport report;
    const auto expected = Decode(jpeg, options, &report);
    const bool sound = expected.ok() && report.warning.empty();
    if (!sound) {
      ++unsound_;
      return;
    }
    const Rect whole = {0, 0, layout->width, layout->height};
    const int channels = expected->channels();
    for (int i = 0; i <= crops; ++i) {
      const Rect region =
          i == 0 ? whole : RandomRect(whole.width, whole.height, &random_);
      const absl::Status decoded =
          decoder_.Decode(jpeg, *layout, region, channels, &image_);
      ASSERT_TRUE(decoded.ok()) << decoded << " in " << Describe(region);
      ASSERT_TRUE(SamePixels(image_, CropOf(*expected, region)))
          << Describe(region) << " of " << whole.width << "x" << whole.height;
    }
    ++compared_;
  }

  static int LayoutChannels(const JpegLayout& layout) {
    return layout.color == JpegColor::kGray ? 1 : 3;
  }

  JpegKind RandomKind() {
    constexpr int kFactors[4][2] = {{1, 1}, {2, 1}, {1, 2}, {2, 2}};
    JpegKind kind;
    const auto& factors = kFactors[Below(4)];
    kind.luma_columns = factors[0];
    kind.luma_rows = factors[1];
    kind.restart_interval = Below(3) == 0 ? 0 : 1 + Below(12);
    kind.quality = Below(4) == 0 ? 100 : 1 + Below(100);
    kind.optimize = Below(2) == 0;
    return kind;
  }

  const uint32_t seed_ = std::random_device{}();
  const testing::ScopedTrace trace_{__FILE__, __LINE__,
                                    "seed " + std::to_string(seed_)};
  std::mt19937 random_{seed_};
  BaselineDecoder decoder_;
  Image image_;
  int compared_ = 0;
  int unsound_ = 0;
};

TEST_P(BaselineDecoderTest, GeneratedImagesOfAllKindsEqualLibjpeg) {
  for (int i = 0; i < 250; ++i) {
    const int width = 1 + Below(i % 4 ? 80 : 300);
    const int height = 1 + Below(i % 4 ? 80 : 300);
    const int channels = Below(5) == 0 ? 1 : 3;
    const Image image = i % 3 == 0 ? Noise(width, height, channels, random_())
                                   : Scene(width, height, channels);
    ExpectSamePixels(WriteJpeg(image, RandomKind()), 6);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(compared_, 200);
  EXPECT_EQ(unsound_, 0);
}

// Intervals of whole rows, of several, and such that do not divide a row.
TEST_P(BaselineDecoderTest, EveryRestartIntervalEqualsLibjpeg) {
  for (int interval = 0; interval < 64; ++interval) {
    JpegKind kind = RandomKind();
    kind.restart_interval = interval;
    const int width = 60 + Below(90);
    ExpectSamePixels(WriteJpeg(Scene(width, 50 + Below(60), 3), kind), 10);
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(compared_, 64);
}

TEST_P(BaselineDecoderTest, WildCoefficientsEqualLibjpeg) {
  for (const int quality : {1, 25, 75, 100}) {
    for (const int amplitude : {64, 255, 1'023}) {
      for (const double density : {0.02, 0.1, 1.0}) {
        JpegKind kind = RandomKind();
        kind.quality = quality;
        const int channels = Below(3) == 0 ? 1 : 3;
        ExpectSamePixels(WildJpeg(17 + Below(60), 17 + Below(60), channels,
                                  kind, amplitude, density, &random_),
                         2);
        if (HasFatalFailure()) return;
      }
    }
  }
  EXPECT_EQ(compared_, 36);
}

TEST(ServedByBaselineDecoderTest, NothingThatTheLayoutLeavesToLibjpeg) {
  auto layout = ParseJpegLayout(WriteJpeg(Noise(40, 40, 3, 1), {}));
  ASSERT_TRUE(layout.ok()) << layout.status();
  EXPECT_TRUE(IsServedByBaselineDecoder(*layout));
  layout->needs_libjpeg = true;
  EXPECT_FALSE(IsServedByBaselineDecoder(*layout));
}

// What this decoder takes, libjpeg decodes without a warning to the same
// pixels. All else it refuses, and goes on with the next image as if nothing
// had been.
TEST_P(BaselineDecoderTest, DamagedFilesAreRefusedOrEqualLibjpeg) {
  int refused = 0;
  for (int i = 0; i < 60; ++i) {
    const Image noise = Noise(1 + Below(90), 1 + Below(90), 3, random_());
    const std::string jpeg = WriteJpeg(noise, RandomKind());
    const JpegLayout layout = ParseJpegLayout(jpeg).value();
    if (!IsServedByBaselineDecoder(layout)) continue;
    const Rect whole = {0, 0, layout.width, layout.height};
    const size_t scan = layout.offsets[0];
    for (int k = 0; k < 12; ++k) {
      std::string damaged = jpeg;
      for (int flips = 1 + Below(3); flips > 0; --flips) {
        damaged[scan + Below(jpeg.size() - scan)] ^= 1 << Below(8);
      }
      const absl::Status decoded =
          decoder_.Decode(damaged, layout, whole, 3, &image_);
      if (!decoded.ok()) {
        ASSERT_EQ(decoded.code(), absl::StatusCode::kUnimplemented);
        ++refused;
        continue;
      }
      DecodeReport report;
      const auto expected = Decode(damaged, {}, &report);
      ASSERT_TRUE(expected.ok()) << expected.status();
      ASSERT_EQ(report.warning, "");
      ASSERT_TRUE(SamePixels(image_, *expected));
    }
    ExpectSamePixels(jpeg, 1);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(refused, 100);
}

TEST_P(BaselineDecoderTest, LyingLayoutsAreSurvived) {
  int survived = 0;
  for (int i = 0; i < 300; ++i) {
    const Image noise = Noise(1 + Below(90), 1 + Below(90), 3, random_());
    const std::string jpeg = WriteJpeg(noise, RandomKind());
    JpegLayout layout = ParseJpegLayout(jpeg).value();
    for (int lies = 1 + Below(2); lies > 0; --lies) {
      switch (Below(5)) {
        case 0:
          layout.offsets[Below(layout.offsets.size())] += Below(9) - 4;
          break;
        case 1:
          layout.dc_tables[Below(2)].counts[Below(16)] ^= 1;
          break;
        case 2:
          layout.ac_tables[Below(2)].symbols[Below(256)] ^= Below(256);
          break;
        case 3:
          layout.components[Below(3)].ac_table = Below(2);
          break;
        default:
          // Often the same number of MCUs still.
          layout.width += Below(9) - 4;
          layout.height += Below(9) - 4;
      }
    }
    if (!CheckJpegLayout(layout).ok()) continue;
    ++survived;
    const Rect region = RandomRect(layout.width, layout.height, &random_);
    (void)decoder_.Decode(jpeg, layout, region, 3, &image_);
    ExpectSamePixels(jpeg, 0);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(survived, 100);
}

// MILLRACE_TEST_ALL_IMAGES=1: all of them, 20 crops each, as they are and with
// tiles. Otherwise a part.
TEST_P(BaselineDecoderTest, RealImagesEqualLibjpeg) {
  const auto data = TestDataDir();
  if (!data) GTEST_SKIP() << "set MILLRACE_TEST_DATA to real images";
  const bool all = std::getenv("MILLRACE_TEST_ALL_IMAGES") != nullptr;
  std::vector<std::string> paths = FilesBelow(*data);
  std::shuffle(paths.begin(), paths.end(), random_);
  int files = 0;
  for (const std::string& path : paths) {
    const std::string jpeg = ReadFile(path);
    if (jpeg.substr(0, 2) != "\xFF\xD8" || (!all && files >= 80)) continue;
    ++files;
    SCOPED_TRACE(path);
    ExpectSamePixels(jpeg, all ? 20 : 2);
    ExpectSamePixels(RewriteJpeg(jpeg, 1 + Below(6)), all ? 20 : 2);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(compared_, all ? 9'000 : 40);
  if (all) std::printf("%d files, %d equal\n", files, compared_);
}

INSTANTIATE_TEST_SUITE_P(Targets, BaselineDecoderTest,
                         testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const testing::TestParamInfo<int64_t>& info) {
                           return std::string(hwy::TargetName(info.param));
                         });

}  // namespace
}  // namespace millrace
