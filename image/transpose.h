// Strips: 16 rows of bytes, column by column, so that kernels which work down
// columns also work along rows.
#pragma once

#include <cstddef>
#include <cstdint>

#include "image/blend.h"

namespace millrace {

inline constexpr int kStripRows = 16;

// Writes columns * kStripRows bytes: strip[x * kStripRows + y] is byte x of
// row y. Of the 16 rows `count` exist (at least 1); the last one stands in for
// those that do not.
void RowsToStrip(const ConstRows& rows, int count, int columns, uint8_t* strip);

// The inverse; writes `count` rows.
void StripToRows(const uint8_t* strip, int columns, int count,
                 const Rows& rows);

// The same, one byte at a time.
void RowsToStripReference(const ConstRows& rows, int count, int columns,
                          uint8_t* strip);
void StripToRowsReference(const uint8_t* strip, int columns, int count,
                          const Rows& rows);

}  // namespace millrace
