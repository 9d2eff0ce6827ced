// Every kernel of colour, on every instruction set that this CPU has, equals
// its scalar reference.
#include <gtest/gtest.h>
#include <hwy/highway.h>

#include <random>
#include <string>

#include "image/adjust.h"
#include "image/color_rows.h"
#include "image/convolve.h"
#include "tests/image/image_testing.h"

namespace millrace {
namespace {

constexpr float kFactors[] = {0, 0.25f, 0.7f, 1, 1.3f, 2.9f, 40};

class ColorKernelsTest : public testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }

  // Exactly as large as asked, so that AddressSanitizer sees an over-read.
  std::vector<uint8_t> RandomBytes(size_t size) {
    std::vector<uint8_t> bytes(size);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random_());
    return bytes;
  }

  const uint32_t seed_ = std::random_device{}();
  const testing::ScopedTrace trace_{__FILE__, __LINE__,
                                    "seed " + std::to_string(seed_)};
  std::mt19937 random_{seed_};
};

TEST_P(ColorKernelsTest, BlendWithValueEqualsItsReferenceForAllBytes) {
  std::vector<uint8_t> all(256 + 5);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint8_t>(i);
  for (const float factor : kFactors) {
    for (int value = 0; value < 256; ++value) {
      std::vector<uint8_t> expected = all;
      std::vector<uint8_t> out = all;
      BlendWithValueReference(static_cast<uint8_t>(value), factor,
                              expected.data(), expected.size());
      BlendWithValue(static_cast<uint8_t>(value), factor, out.data(),
                     out.size());
      ASSERT_EQ(out, expected) << value << " by " << factor;
    }
  }
}

TEST_P(ColorKernelsTest, BlendWithLumaEqualsItsReference) {
  for (int count = 0; count < 600; ++count) {
    std::vector<uint8_t> expected = RandomBytes(3 * count);
    std::vector<uint8_t> out = expected;
    const float factor = kFactors[count % std::size(kFactors)];
    BlendWithLumaReference(factor, expected.data(), count);
    BlendWithLuma(factor, out.data(), count);
    ASSERT_EQ(out, expected) << count << " pixels by " << factor;
  }
}

TEST_P(ColorKernelsTest, SumOfLumaEqualsItsReference) {
  for (int count = 0; count < 600; ++count) {
    const std::vector<uint8_t> pixels = RandomBytes(3 * count);
    ASSERT_EQ(SumOfLuma(pixels.data(), count),
              SumOfLumaReference(pixels.data(), count));
  }
}

TEST_P(ColorKernelsTest, SumOfLumaOfALargeWhiteImageDoesNotWrap) {
  constexpr size_t kCount = 20'000'001;
  const std::vector<uint8_t> white(3 * kCount, 255);
  EXPECT_EQ(SumOfLuma(white.data(), kCount), 255 * kCount);
}

// A plane of the colour cube at a time; all 2^24 colours between them.
TEST_P(ColorKernelsTest, ShiftHueEqualsItsReferenceForEveryColor) {
  constexpr int kCount = 1 << 16;
  std::vector<uint8_t> expected(3 * kCount);
  for (int red = 0; red < 256; ++red) {
    for (int i = 0; i < kCount; ++i) {
      expected[3 * i] = static_cast<uint8_t>(red);
      expected[3 * i + 1] = static_cast<uint8_t>(i >> 8);
      expected[3 * i + 2] = static_cast<uint8_t>(i);
    }
    std::vector<uint8_t> out = expected;
    const auto shift = static_cast<uint8_t>(37 * red);
    ShiftHueReference(shift, expected.data(), kCount);
    ShiftHue(shift, out.data(), kCount);
    ASSERT_EQ(out, expected) << "red " << red << ", shift " << int{shift};
  }
}

TEST_P(ColorKernelsTest, ShiftHueEqualsItsReferenceForEveryNumberOfPixels) {
  for (int count = 0; count < 600; ++count) {
    std::vector<uint8_t> expected = RandomBytes(3 * count);
    std::vector<uint8_t> out = expected;
    ShiftHueReference(static_cast<uint8_t>(count), expected.data(), count);
    ShiftHue(static_cast<uint8_t>(count), out.data(), count);
    ASSERT_EQ(out, expected) << count;
  }
}

TEST_P(ColorKernelsTest, BlendWithSmoothedEqualsItsReference) {
  for (int size = 3; size < 300; ++size) {
    const int channels = size % 3 == 0 ? 3 : 1;
    const std::vector<uint8_t> rows[3] = {RandomBytes(size), RandomBytes(size),
                                          RandomBytes(size)};
    const RowAndNeighbours around = {rows[0].data(), rows[1].data(),
                                     rows[2].data()};
    const float factor = kFactors[size % std::size(kFactors)];
    std::vector<uint8_t> expected(size);
    std::vector<uint8_t> out(size);
    BlendWithSmoothedReference(around, size, channels, factor, expected.data());
    BlendWithSmoothed(around, size, channels, factor, out.data());
    ASSERT_EQ(out, expected) << size << " by " << factor;
  }
}

uint64_t Fnv1a(absl::Span<const uint8_t> bytes, uint64_t hash) {
  for (const uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001B3;
  return hash;
}

// The same number on every CPU; a change is a change of everybody's pixels.
TEST_P(ColorKernelsTest, GoldenDigestOfAdjustedPictures) {
  uint64_t digest = 0xCBF29CE484222325;
  Image spare;
  for (const int channels : {1, 3}) {
    Image picture = Scene(157, 131, channels);
    const ImageSpan image = picture.span();
    const auto add = [&] { digest = Fnv1a(picture.pixels(), digest); };
    AdjustBrightness(1.17, image), add();
    AdjustContrast(0.83, image), add();
    AdjustSaturation(1.31, image), add();
    AdjustHue(-0.13, image), add();
    AdjustSharpness(1.9, image, &spare), add();
    Equalize(image), add();
    Convolve({{0.25, 0.5, 0.25}, {0.1, 0.2, 0.4, 0.2, 0.1}}, image, &spare);
    add();
    AutoContrast(image), add();
    Solarize(200, image), add();
    Posterize(5, image), add();
    Invert(image), add();
    ToGrayscale(image), add();
  }
  EXPECT_EQ(digest, 17780088862136476798u);
}

INSTANTIATE_TEST_SUITE_P(Targets, ColorKernelsTest,
                         testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const testing::TestParamInfo<int64_t>& info) {
                           return std::string(hwy::TargetName(info.param));
                         });

}  // namespace
}  // namespace millrace
