// 8-bit pixels into a tensor: flip, layout and dtype in one pass.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "image/image.h"

namespace millrace {

enum class PixelType { kUint8, kFloat32, kFloat16, kBfloat16 };

size_t BytesOf(PixelType type);

struct PackSpec {
  bool flip_horizontal = false;
  // Channels first (CHW) instead of last (HWC).
  bool channels_first = false;
  // Floats: value * scale[c] + shift[c], in float32, multiplied, then added;
  // then rounded to the shorter types, halves to even.
  PixelType type = PixelType::kUint8;
  std::array<float, 3> scale = {1, 1, 1};
  std::array<float, 3> shift = {0, 0, 0};
};

// Bytes of a packed image.
size_t PackedBytes(int width, int height, int channels, const PackSpec& spec);

// Writes PackedBytes() bytes to `out` (aligned to BytesOf(type)).
void Pack(const ImageView& source, const PackSpec& spec, void* out);

}  // namespace millrace
