#include "image/packed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "image/halves.h"
#include "image/pack_rows.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

TEST(PackedTest, FillWritesTheRectangleInBothLayouts) {
  const auto value = [](int x, int y, int c) {
    return static_cast<float>(100 * c + 10 * y + x);
  };
  const Rect rect = {1, 0, 2, 1};
  PackedLayout layout = {3, 2, 3, PixelType::kUint8, false};
  std::vector<uint8_t> last(18, 7);
  Fill(layout, rect, value, last.data());
  EXPECT_THAT(last, ElementsAreArray({7, 7, 7, 1, 101, 201, 2, 102, 202,  //
                                      7, 7, 7, 7, 7, 7, 7, 7, 7}));
  layout.channels_first = true;
  std::vector<uint8_t> first(18, 7);
  Fill(layout, rect, value, first.data());
  EXPECT_THAT(first, ElementsAreArray({7, 1, 2, 7, 7, 7, 7, 101, 102,  //
                                       7, 7, 7, 7, 201, 202, 7, 7, 7}));
}

TEST(PackedTest, FillRoundsToTheType) {
  PackedLayout layout = {1, 1, 1, PixelType::kUint8, false};
  const Rect rect = {0, 0, 1, 1};
  for (const auto& [value, byte] : {std::pair{-3.0f, 0},
                                    {2.4f, 2},
                                    {2.5f, 3},
                                    {254.6f, 255},
                                    {1e6f, 255}}) {
    uint8_t out = 77;
    Fill(
        layout, rect, [v = value](int, int, int) { return v; }, &out);
    EXPECT_EQ(out, byte) << value;
  }
  layout.type = PixelType::kBfloat16;
  uint16_t out = 0;
  Fill(
      layout, rect, [](int, int, int) { return -2.5f; }, &out);
  EXPECT_EQ(FromBfloat16(out), -2.5f);
}

TEST(PackedTest, EachMixesWithTheOneBeforeItAsItWas) {
  std::vector<float> a = {0, 8}, b = {100, 0}, c = {40, 40};
  MixWithPrevious(PixelType::kFloat32, 0.75, 2, {a.data(), b.data(), c.data()});
  EXPECT_THAT(a, ElementsAre(10, 16));
  EXPECT_THAT(b, ElementsAre(75, 2));
  EXPECT_THAT(c, ElementsAre(55, 30));
}

TEST(PackedTest, MixedBytesAndShortFloatsAreRounded) {
  std::vector<uint8_t> a = {0, 255, 3}, b = {1, 255, 4};
  MixWithPrevious(PixelType::kUint8, 0.5, 3, {a.data(), b.data()});
  EXPECT_THAT(a, ElementsAre(1, 255, 4));
  EXPECT_EQ(a, b);
  const float values[] = {1, 0x1.004p0f};
  uint16_t halves[2];
  ToFloat16Row(values, 2, halves);
  MixWithPrevious(PixelType::kFloat16, 0.5, 1, {&halves[0], &halves[1]});
  EXPECT_EQ(FromFloat16(halves[0]), 1) << "half way, to the even one";
}

TEST(PackedTest, LongImagesMixWhole) {
  constexpr size_t kValues = 5000;
  std::vector<float> a(kValues), b(kValues);
  std::iota(a.begin(), a.end(), 0.0f);
  MixWithPrevious(PixelType::kFloat32, 0.25, kValues, {a.data(), b.data()});
  for (size_t i = 0; i < kValues; ++i) {
    ASSERT_EQ(a[i], 0.25f * static_cast<float>(i));
    ASSERT_EQ(b[i], 0.75f * static_cast<float>(i));
  }
}

TEST(PackedTest, EachGetsThePartOfTheOneBeforeItAsItWas) {
  for (const bool channels_first : {false, true}) {
    const PackedLayout layout = {3, 2, 3, PixelType::kFloat32, channels_first};
    std::vector<float> images[3];
    std::vector<void*> pointers;
    for (int i = 0; i < 3; ++i) {
      images[i].assign(18, static_cast<float>(i));
      pointers.push_back(images[i].data());
    }
    PasteFromPrevious(layout, {1, 0, 2, 1}, pointers);
    for (int i = 0; i < 3; ++i) {
      for (int c = 0; c < 3; ++c) {
        for (int y = 0; y < 2; ++y) {
          for (int x = 0; x < 3; ++x) {
            const bool inside = x >= 1 && y == 0;
            EXPECT_EQ(images[i][layout.At(x, y, c)], inside ? (i + 2) % 3 : i);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace millrace
