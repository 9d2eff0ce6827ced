// Weighted sums of rows: the one kernel that both passes of a resize run on.
// Exact in 32-bit integers, so every instruction set gives the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "image/resample_taps.h"

namespace millrace {

// Bytes in rows; strides in bytes.
struct Rows {
  uint8_t* data;
  ptrdiff_t stride;
};
struct ConstRows {
  const uint8_t* data;
  ptrdiff_t stride;
};

// Writes the first `row_bytes` bytes of each of the taps.size rows of `out`,
// which must not overlap `source`; touches no byte beyond them. Reads only
// the rows that have weights.
void BlendRows(const Taps& taps, const ConstRows& source, int row_bytes,
               const Rows& out);

// The same, one byte at a time: what BlendRows is tested against, and what it
// falls back to.
void BlendRowsReference(const Taps& taps, const ConstRows& source,
                        int row_bytes, const Rows& out);

}  // namespace millrace
