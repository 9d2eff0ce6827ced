#include "image/pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

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
        spec.to_float = true;
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

TEST(PackTest, FloatsTakeFourBytes) {
  PackSpec spec;
  EXPECT_EQ(PackedBytes(224, 224, 3, spec), 150'528);
  spec.to_float = true;
  EXPECT_EQ(PackedBytes(224, 224, 3, spec), 602'112);
}

}  // namespace
}  // namespace millrace
