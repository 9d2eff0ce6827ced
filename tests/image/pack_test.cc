#include "image/pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "image/pack_rows.h"
#include "tests/image/image_testing.h"

namespace millrace {
namespace {

using testing::ElementsAre;

// The definition, one value at a time.
template <typename Value>
std::vector<Value> PackedOneByOne(const Image& image, const PackSpec& spec) {
  const int width = image.width();
  const int height = image.height();
  const int channels = image.channels();
  std::vector<Value> out(size_t{1} * width * height * channels);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        const int from = spec.flip_horizontal ? width - 1 - x : x;
        const uint8_t pixel = image.row(y)[from * channels + c];
        const int at = spec.channels_first ? (c * height + y) * width + x
                                           : (y * width + x) * channels + c;
        if constexpr (std::is_same_v<Value, float>) {
          const float product = static_cast<float>(pixel) * spec.scale[c];
          out[at] = product + spec.shift[c];
        } else {
          out[at] = pixel;
        }
      }
    }
  }
  return out;
}

template <typename Value>
std::vector<Value> Packed(const Image& image, const PackSpec& spec) {
  const size_t bytes =
      PackedBytes(image.width(), image.height(), image.channels(), spec);
  std::vector<Value> out(bytes / sizeof(Value));
  Pack(image.view(), spec, out.data());
  return out;
}

TEST(PackTest, EveryFlipLayoutAndTypeEqualsTheDefinition) {
  for (const auto& [width, height] :
       {std::pair{1, 1}, {28, 28}, {17, 3}, {3, 17}, {224, 2}}) {
    for (const int channels : {1, 3}) {
      const Image image = Noise(width, height, channels, width);
      for (int bits = 0; bits < 4; ++bits) {
        PackSpec spec;
        spec.flip_horizontal = bits & 1;
        spec.channels_first = bits & 2;
        EXPECT_EQ(Packed<uint8_t>(image, spec),
                  PackedOneByOne<uint8_t>(image, spec));
        spec.type = PixelType::kFloat32;
        spec.scale = {1 / 255.0F, 0.017F, 2};
        spec.shift = {-0.5F, 0.25F, -100};
        EXPECT_EQ(Packed<float>(image, spec),
                  PackedOneByOne<float>(image, spec));
      }
    }
  }
}

TEST(PackTest, FlippedPlanesReadFromRightToLeft) {
  Image image(2, 1, 3);
  std::memcpy(image.row(0), "abcABC", 6);
  PackSpec spec;
  spec.flip_horizontal = true;
  spec.channels_first = true;
  EXPECT_THAT(Packed<uint8_t>(image, spec),
              ElementsAre('A', 'a', 'B', 'b', 'C', 'c'));
}

TEST(PackTest, RowsOfAWiderImageAreCutOut) {
  const Image big = Noise(20, 10, 3, 5);
  const Rect inner = {3, 2, 11, 6};
  const ImageView view = {big.row(2) + 9, 11, 6, 3,
                          static_cast<ptrdiff_t>(big.stride())};
  for (const bool flip : {false, true}) {
    PackSpec spec;
    spec.flip_horizontal = flip;
    std::vector<uint8_t> out(PackedBytes(11, 6, 3, spec));
    Pack(view, spec, out.data());
    EXPECT_EQ(out, PackedOneByOne<uint8_t>(CropOf(big, inner), spec));
  }
}

uint16_t Half(float value) {
  uint16_t half;
  ToFloat16RowReference(&value, 1, &half);
  return half;
}

uint16_t Bfloat(float value) {
  uint16_t half;
  ToBfloat16RowReference(&value, 1, &half);
  return half;
}

// By its definition: sign, 5 bits of exponent, 10 bits of mantissa.
double ValueOfHalf(uint16_t half) {
  const int exponent = half >> 10 & 31;
  const int mantissa = half & 1023;
  return exponent == 0 ? std::ldexp(mantissa, -24)
                       : std::ldexp(1024 + mantissa, exponent - 25);
}

TEST(PackTest, Float16IsTheNearestAndEvenHalfWay) {
  for (uint16_t half = 0; half < 0x7C00; ++half) {
    const auto value = static_cast<float>(ValueOfHalf(half));
    const auto middle = static_cast<float>((value + ValueOfHalf(half + 1)) / 2);
    const int even = half + half % 2;
    ASSERT_EQ(Half(value), half);
    ASSERT_EQ(Half(-value), half | 0x8000);
    ASSERT_EQ(Half(middle), even) << "between " << half << " and the next";
    ASSERT_EQ(Half(std::nextafter(middle, 0.0f)), half);
    ASSERT_EQ(Half(std::nextafter(middle, 1e9f)), half + 1);
  }
  EXPECT_EQ(Half(1e6f), 0x7C00);
  EXPECT_EQ(Half(-1e6f), 0xFC00);
}

TEST(PackTest, Bfloat16IsTheNearestAndEvenHalfWay) {
  EXPECT_EQ(Bfloat(1), 0x3F80);
  EXPECT_EQ(Bfloat(-2.5f), 0xC020);
  EXPECT_EQ(Bfloat(1 + 0x1p-8f), 0x3F80);
  EXPECT_EQ(Bfloat(1 + 0x3p-8f), 0x3F82);
  EXPECT_EQ(Bfloat(1 + 0x1.1p-8f), 0x3F81);
  EXPECT_EQ(Bfloat(std::numeric_limits<float>::max()), 0x7F80);
}

TEST(PackTest, ShortFloatsAreFloatsRoundedAtLast) {
  for (const int channels : {1, 3}) {
    const Image image = Noise(300, 3, channels, 8);
    for (int bits = 0; bits < 4; ++bits) {
      PackSpec spec;
      spec.flip_horizontal = bits & 1;
      spec.channels_first = bits & 2;
      spec.scale = {1 / 255.0F, 0.017F, 2};
      spec.shift = {-0.5F, 0.25F, -100};
      spec.type = PixelType::kFloat32;
      std::vector<uint16_t> halves, bfloats;
      for (const float value : Packed<float>(image, spec)) {
        halves.push_back(Half(value));
        bfloats.push_back(Bfloat(value));
      }
      spec.type = PixelType::kFloat16;
      EXPECT_EQ(Packed<uint16_t>(image, spec), halves);
      spec.type = PixelType::kBfloat16;
      EXPECT_EQ(Packed<uint16_t>(image, spec), bfloats);
    }
  }
}

TEST(PackTest, FloatsTakeFourBytesAndShortOnesTwo) {
  PackSpec spec;
  EXPECT_EQ(PackedBytes(224, 224, 3, spec), 150'528);
  spec.type = PixelType::kFloat32;
  EXPECT_EQ(PackedBytes(224, 224, 3, spec), 602'112);
  spec.type = PixelType::kBfloat16;
  EXPECT_EQ(PackedBytes(224, 224, 3, spec), 301'056);
}

}  // namespace
}  // namespace millrace
