#include "pipeline/erasing_ops.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "tests/pipeline/drawn_dataset.h"

namespace millrace {
namespace {

constexpr int kWidth = 40;
constexpr int kHeight = 30;

HostBatch Batch(absl::string_view transforms, uint64_t step) {
  return BatchOrDie(
      CompileOrDie(
          ParsePlan(absl::StrCat("dataset: 'drawn/scenes' batch { size: 4 } ",
                                 "transforms { resize { size: [", kHeight, ", ",
                                 kWidth, "] } } ", transforms)),
          DrawnScenes(4)),
      {step});
}

// The rectangle of sample `i` whose values satisfy `erased`; the test fails if
// others do or if it is none.
template <typename T, typename Erased>
Rect PartOf(const std::vector<T>& values, int i, const Erased& erased) {
  int left = kWidth, right = 0, top = kHeight, bottom = 0, count = 0;
  const T* image = values.data() + size_t{1} * i * kWidth * kHeight * 3;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      if (!erased(image + 3 * (y * kWidth + x))) continue;
      left = std::min(left, x), right = std::max(right, x + 1);
      top = std::min(top, y), bottom = std::max(bottom, y + 1);
      ++count;
    }
  }
  const Rect part = {left, top, right - left, bottom - top};
  EXPECT_EQ(part.width * part.height, count) << "no rectangle";
  return part;
}

TEST(RandomErasingTest, ValuesOfNormalizedFloatsAreWrittenAsTheyAre) {
  for (uint64_t step = 0; step < 50; ++step) {
    const auto values = ValuesOf<float>(
        Batch("transforms { to_dtype { dtype: FLOAT32 scale: true } } "
              "transforms { normalize { mean: [0.5, 0.5, 0.5] "
              "                         std: [0.25, 0.25, 0.25] } } "
              "transforms { random_erasing { p: 1 value: [7, -8, 9.5] } }",
              step),
        "image");
    for (int i = 0; i < 4; ++i) {
      const Rect part = PartOf(values, i, [](const float* pixel) {
        return pixel[0] == 7 && pixel[1] == -8 && pixel[2] == 9.5f;
      });
      const double area = part.width * part.height;
      EXPECT_LE(area, 0.40 * kWidth * kHeight);
      EXPECT_GE(area, 0.01 * kWidth * kHeight);
    }
  }
}

TEST(RandomErasingTest, OneValueIsForAllChannels) {
  const auto values =
      ValuesOf<uint8_t>(Batch("transforms { random_invert { p: 0 } } "
                              "transforms { random_erasing { p: 1 value: 255 "
                              "  scale: [0.2, 0.2] ratio: [1, 1] } }",
                              3),
                        "image");
  // 16 x 16 of 15.49 squared.
  const Rect part = PartOf(values, 0, [](const uint8_t* pixel) {
    return pixel[0] == 255 && pixel[1] == 255 && pixel[2] == 255;
  });
  EXPECT_EQ(part.width, 15);
  EXPECT_EQ(part.height, 15);
}

TEST(RandomErasingTest, NoiseIsNormalInFloatsAndAnyByteInBytes) {
  constexpr char kLarge[] =
      "transforms { random_erasing { p: 1 random: true scale: [0.8, 0.8] "
      "  ratio: [0.75, 0.75] } }";
  const auto floats = ValuesOf<float>(
      Batch(absl::StrCat("transforms { to_dtype { dtype: FLOAT32 } } ", kLarge),
            0),
      "image");
  double sum = 0, squares = 0;
  int count = 0;
  for (const float value : floats) {
    if (value == std::floor(value)) continue;  // A pixel of the image.
    sum += value;
    squares += value * value;
    ++count;
  }
  EXPECT_GT(count, 4 * 3 * 0.7 * kWidth * kHeight);
  EXPECT_NEAR(sum / count, 0, 0.05);
  EXPECT_NEAR(squares / count, 1, 0.05);

  const auto bytes = ValuesOf<uint8_t>(Batch(kLarge, 0), "image");
  int seen[256] = {};
  for (const uint8_t byte : bytes) ++seen[byte];
  EXPECT_GT(*std::min_element(seen, seen + 256), 0);
}

TEST(RandomErasingTest, WhatFitsNowhereLeavesTheImageAsItIs) {
  const auto plain = Batch("", 0);
  const auto erased = Batch(
      "transforms { random_erasing { p: 1 scale: [1, 1] ratio: [1, 1] } }", 0);
  EXPECT_EQ(DigestOf(plain), DigestOf(erased));
}

}  // namespace
}  // namespace millrace
