// The kernels that Pack is made of, each a row at a time. `out` must not
// overlap the input; nothing is read or written beyond the sizes given.
#pragma once

#include <array>
#include <cstdint>

namespace millrace {

// `width` pixels of 1 or 3 channels in reverse order.
void FlipRow(const uint8_t* row, int width, int channels, uint8_t* out);

// `width` RGB pixels to one row a channel.
void SplitRow(const uint8_t* row, int width,
              const std::array<uint8_t*, 3>& planes);

// The three factors of ScaleRow in turn, often enough for the longest vectors
// to start at any of them.
struct Scaling {
  Scaling(const std::array<float, 3>& scale, const std::array<float, 3>& shift);

  static constexpr int kSize = 3 * 16 + 2;
  float scales[kSize];
  float shifts[kSize];
};

// out[i] = row[i] * scale[i % 3] + shift[i % 3]; rounded after each step.
void ScaleRow(const uint8_t* row, int size, const Scaling& scaling, float* out);

// float32 to IEEE float16, rounded to nearest even; what is too large becomes
// infinite. No NaN.
void ToFloat16Row(const float* row, int size, uint16_t* out);

// float32 to bfloat16, its upper half, rounded to nearest even. No NaN.
void ToBfloat16Row(const float* row, int size, uint16_t* out);

// The same, one value at a time: what the kernels are tested against and what
// they fall back to.
void FlipRowReference(const uint8_t* row, int width, int channels,
                      uint8_t* out);
void SplitRowReference(const uint8_t* row, int width,
                       const std::array<uint8_t*, 3>& planes);
void ScaleRowReference(const uint8_t* row, int size, const Scaling& scaling,
                       float* out);
void ToFloat16RowReference(const float* row, int size, uint16_t* out);
void ToBfloat16RowReference(const float* row, int size, uint16_t* out);

}  // namespace millrace
