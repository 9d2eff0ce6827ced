// 16-bit floats back to float32, exactly. No NaN; an infinite float16 becomes
// 65536.
#pragma once

#include <bit>
#include <cstdint>

namespace millrace {

inline float FromFloat16(uint16_t half) {
  // The exponent moves over, and multiplication mends its bias, also where
  // there is none.
  const float value = std::bit_cast<float>((half & 0x7FFFu) << 13) * 0x1p112f;
  return (half & 0x8000u) != 0 ? -value : value;
}

inline float FromBfloat16(uint16_t half) {
  return std::bit_cast<float>(uint32_t{half} << 16);
}

}  // namespace millrace
