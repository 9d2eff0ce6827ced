// The kernels that colour changes are made of, in place over runs of pixels
// without padding. Sources: Pillow's documented blend (out = a + factor *
// (b - a) in float, clipped, truncated) and its 8-bit HSV, equal to the bit.
//
// Every instruction set gives the bytes of the references below.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace {

// Moves each byte away from `value` (or towards it, where `factor` < 1).
void BlendWithValue(uint8_t value, float factor, uint8_t* bytes, size_t size);

// Moves each channel of an RGB pixel away from the pixel's luma; 0 leaves the
// luma alone.
void BlendWithLuma(float factor, uint8_t* pixels, size_t count);

// The sum of the luma of RGB pixels.
uint64_t SumOfLuma(const uint8_t* pixels, size_t count);

// Adds `shift` to the hue of RGB pixels, 256 steps a turn, through Pillow's
// 8-bit HSV and back (so that a shift of 0 changes pixels too).
void ShiftHue(uint8_t shift, uint8_t* pixels, size_t count);

// One row of Pillow's sharpness: moves each byte away from the SMOOTH filter
// (1 1 1, 1 5 1, 1 1 1, divided by 13) of the bytes around it. `row` and its
// neighbours have `size` bytes; the first and last pixel, of `channels` bytes,
// are left alone. `out` must overlap none of them.
struct RowAndNeighbours {
  const uint8_t* above;
  const uint8_t* row;
  const uint8_t* below;
};
void BlendWithSmoothed(const RowAndNeighbours& rows, int size, int channels,
                       float factor, uint8_t* out);

// The same, one byte or pixel at a time: what the kernels are tested against
// and what they fall back to.
void BlendWithValueReference(uint8_t value, float factor, uint8_t* bytes,
                             size_t size);
void BlendWithLumaReference(float factor, uint8_t* pixels, size_t count);
uint64_t SumOfLumaReference(const uint8_t* pixels, size_t count);
void ShiftHueReference(uint8_t shift, uint8_t* pixels, size_t count);
void BlendWithSmoothedReference(const RowAndNeighbours& rows, int size,
                                int channels, float factor, uint8_t* out);

}  // namespace millrace
