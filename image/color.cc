#include "image/color.h"

#include <array>
#include <cstring>

namespace millrace {
namespace {

// a * b / 255, rounded. (2ab + 255) / 510 never meets a tie, since 255 is odd.
uint8_t ScaledProduct(int a, int b) {
  return static_cast<uint8_t>((2 * a * b + 255) / 510);
}

std::array<uint8_t, 3> RgbOfCmyk(const uint8_t* cmyk) {
  return {ScaledProduct(cmyk[0], cmyk[3]), ScaledProduct(cmyk[1], cmyk[3]),
          ScaledProduct(cmyk[2], cmyk[3])};
}

void GrayToRgb(const uint8_t* source, int width, uint8_t* out) {
  for (int x = 0; x < width; ++x) {
    out[3 * x] = out[3 * x + 1] = out[3 * x + 2] = source[x];
  }
}

void RgbToGray(const uint8_t* source, int width, uint8_t* out) {
  for (int x = 0; x < width; ++x) out[x] = LumaOf(source + 3 * x);
}

void CmykToRgb(const uint8_t* source, int width, uint8_t* out) {
  for (int x = 0; x < width; ++x) {
    const auto rgb = RgbOfCmyk(source + 4 * x);
    std::memcpy(out + 3 * x, rgb.data(), rgb.size());
  }
}

void CmykToGray(const uint8_t* source, int width, uint8_t* out) {
  for (int x = 0; x < width; ++x) {
    out[x] = LumaOf(RgbOfCmyk(source + 4 * x).data());
  }
}

}  // namespace

void ConvertRow(const uint8_t* source, int from, int width, int to,
                uint8_t* out) {
  if (from == to) {
    std::memcpy(out, source, size_t{1} * width * to);
  } else if (from == 1) {
    GrayToRgb(source, width, out);
  } else if (from == 3) {
    RgbToGray(source, width, out);
  } else if (to == 3) {
    CmykToRgb(source, width, out);
  } else {
    CmykToGray(source, width, out);
  }
}

}  // namespace millrace
