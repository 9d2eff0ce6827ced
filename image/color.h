// Rows of pixels from a codec's channels to gray or RGB.
#pragma once

#include <cstdint>

namespace millrace {

// ITU-R 601-2 luma in 16-bit fixed point, as Pillow's convert("L").
inline uint8_t LumaOf(const uint8_t* rgb) {
  return static_cast<uint8_t>(
      (rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
}

// One row of `width` pixels. `from` is 1 (gray), 3 (RGB) or 4 (CMYK as Adobe
// stores it, inverted); `to` is 1 or 3. CMYK becomes RGB as libjpeg-turbo's
// djpeg makes it: c * k / 255, rounded, and so on.
void ConvertRow(const uint8_t* source, int from, int width, int to,
                uint8_t* out);

}  // namespace millrace
