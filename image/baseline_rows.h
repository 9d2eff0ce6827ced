// Rows of samples to rows of pixels: libjpeg's fancy upsampling of chroma and
// its conversion from YCbCr to RGB, equal to the bit.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace {

// The kernels below read and write whole vectors: up to this many bytes beyond
// the last that they are asked for are touched on every row but an RGB one.
inline constexpr ptrdiff_t kRowPadding = 64;

// To twice as many columns: of each sample and its neighbour on one side, 3/4
// and 1/4 (jdsample.c, h2v1_fancy_upsample). row[-1] and row[count] exist; at
// the border of an image they repeat their neighbour. Writes 2 * count samples.
void UpsampleColumns(const uint8_t* row, int count, uint8_t* out);

// Which of the two output rows that a chroma row is nearest to.
enum class RowParity { kUpper, kLower };

// To twice as many rows (h1v2_fancy_upsample): 3/4 of `row` and 1/4 of `other`,
// the row above or below.
void UpsampleRows(const uint8_t* row, const uint8_t* other, RowParity parity,
                  int count, uint8_t* out);

// Both (h2v2_fancy_upsample).
void UpsampleBoth(const uint8_t* row, const uint8_t* other, int count,
                  uint8_t* out);

// Writes 3 * count bytes, and no more.
void YccToRgb(const uint8_t* y, const uint8_t* cb, const uint8_t* cr, int count,
              uint8_t* rgb);

// The same, one sample at a time.
void UpsampleColumnsReference(const uint8_t* row, int count, uint8_t* out);
void UpsampleRowsReference(const uint8_t* row, const uint8_t* other,
                           RowParity parity, int count, uint8_t* out);
void UpsampleBothReference(const uint8_t* row, const uint8_t* other, int count,
                           uint8_t* out);
void YccToRgbReference(const uint8_t* y, const uint8_t* cb, const uint8_t* cr,
                       int count, uint8_t* rgb);

}  // namespace millrace
