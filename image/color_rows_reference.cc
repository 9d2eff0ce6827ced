#include <algorithm>
#include <array>

#include "image/color.h"
#include "image/color_rows.h"

namespace millrace {

namespace {

uint8_t Blend(int from, int to, float factor) {
  const float value =
      static_cast<float>(from) + factor * static_cast<float>(to - from);
  return static_cast<uint8_t>(std::clamp(value, 0.0f, 255.0f));
}

// Each of 0 to 255.
struct Hsv {
  int h, s, v;
};

Hsv HsvOf(const uint8_t* rgb) {
  const auto [r, g, b] = std::array{int{rgb[0]}, int{rgb[1]}, int{rgb[2]}};
  const int most = std::max({r, g, b});
  const int range = most - std::min({r, g, b});
  if (range == 0) return {0, 0, most};
  const int middle = r + g + b - 2 * most + range;
  const float ratio =
      static_cast<float>(most - middle) / static_cast<float>(range);
  const int least = most - range;
  float sixths;
  if (r == most) {
    sixths = g == least ? -1 + ratio : 1 - ratio;
  } else if (g == most) {
    sixths = b == least ? 1 + ratio : 3 - ratio;
  } else {
    sixths = r == least ? 3 + ratio : 5 - ratio;
  }
  float turn = sixths / 6.0f;
  if (turn < 0) turn += 1.0f;
  return {static_cast<int>(turn * 255.0f), 255 * range / most, most};
}

// v * (1 - part / 65025), rounded; never a tie, since 65025 is odd.
uint8_t Less(int v, int part) {
  constexpr int kWhole = 255 * 255;
  return static_cast<uint8_t>((v * (kWhole - part) + kWhole / 2) / kWhole);
}

std::array<uint8_t, 3> RgbOf(const Hsv& hsv) {
  const int sector = hsv.h * 6 / 255;
  const int within = hsv.h * 6 % 255;
  const auto v = static_cast<uint8_t>(hsv.v);
  const uint8_t p = Less(hsv.v, hsv.s * 255);
  const uint8_t q = Less(hsv.v, hsv.s * within);
  const uint8_t t = Less(hsv.v, hsv.s * (255 - within));
  switch (sector % 6) {
    case 0:
      return {v, t, p};
    case 1:
      return {q, v, p};
    case 2:
      return {p, v, t};
    case 3:
      return {p, q, v};
    case 4:
      return {t, p, v};
    default:
      return {v, p, q};
  }
}

}  // namespace

void BlendWithValueReference(uint8_t value, float factor, uint8_t* bytes,
                             size_t size) {
  for (size_t i = 0; i < size; ++i) bytes[i] = Blend(value, bytes[i], factor);
}

void BlendWithLumaReference(float factor, uint8_t* pixels, size_t count) {
  for (size_t i = 0; i < count; ++i, pixels += 3) {
    const uint8_t luma = LumaOf(pixels);
    BlendWithValueReference(luma, factor, pixels, 3);
  }
}

uint64_t SumOfLumaReference(const uint8_t* pixels, size_t count) {
  uint64_t sum = 0;
  for (size_t i = 0; i < count; ++i) sum += LumaOf(pixels + 3 * i);
  return sum;
}

void ShiftHueReference(uint8_t shift, uint8_t* pixels, size_t count) {
  for (size_t i = 0; i < count; ++i, pixels += 3) {
    Hsv hsv = HsvOf(pixels);
    hsv.h = (hsv.h + shift) % 256;
    std::ranges::copy(RgbOf(hsv), pixels);
  }
}

void BlendWithSmoothedReference(const RowAndNeighbours& rows, int size,
                                int channels, float factor, uint8_t* out) {
  for (int i = 0; i < size; ++i) {
    const uint8_t center = rows.row[i];
    if (i < channels || i >= size - channels) {
      out[i] = center;
      continue;
    }
    int sum = 4 * center;
    for (const int x : {i - channels, i, i + channels}) {
      sum += rows.above[x] + rows.row[x] + rows.below[x];
    }
    out[i] = Blend((2 * sum + 13) / 26, center, factor);
  }
}

}  // namespace millrace
