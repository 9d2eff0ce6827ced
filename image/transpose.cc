#include "image/transpose.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/transpose.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace millrace {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128 || HWY_HAVE_SCALABLE

void RowsToStrip(const ConstRows& rows, int count, int columns,
                 uint8_t* strip) {
  RowsToStripReference(rows, count, columns, strip);
}

void StripToRows(const uint8_t* strip, int columns, int count,
                 const Rows& rows) {
  StripToRowsReference(strip, columns, count, rows);
}

#else

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::Full128<uint8_t> kRow;
using Row = hn::Vec<decltype(kRow)>;

// Interleaving the two halves rotates the bits of a byte's place (4 of the
// row, 4 of the column) by one; four times swaps row and column.
HWY_INLINE void Transpose(Row (&tile)[kStripRows]) {
  for (int round = 0; round < 4; ++round) {
    Row next[kStripRows];
    for (int i = 0; i < kStripRows / 2; ++i) {
      const Row upper = tile[i + kStripRows / 2];
      next[2 * i] = hn::InterleaveLower(kRow, tile[i], upper);
      next[2 * i + 1] = hn::InterleaveUpper(kRow, tile[i], upper);
    }
    for (int i = 0; i < kStripRows; ++i) tile[i] = next[i];
  }
}

// Calls `do_tile` with the first column of tiles that cover all columns. The
// last one overlaps the one before.
template <typename DoTile>
HWY_INLINE void ForEachTile(int columns, const DoTile& do_tile) {
  int x = 0;
  for (; x + kStripRows <= columns; x += kStripRows) do_tile(x);
  if (x < columns) do_tile(columns - kStripRows);
}

void RowsToStrip(const ConstRows& rows, int count, int columns,
                 uint8_t* strip) {
  if (columns < kStripRows) {
    RowsToStripReference(rows, count, columns, strip);
    return;
  }
  const uint8_t* row[kStripRows];
  for (int y = 0; y < kStripRows; ++y) {
    row[y] = rows.data + std::min(y, count - 1) * rows.stride;
  }
  ForEachTile(columns, [&](int x) HWY_ATTR {
    Row tile[kStripRows];
    for (int y = 0; y < kStripRows; ++y) tile[y] = hn::LoadU(kRow, row[y] + x);
    Transpose(tile);
    for (int i = 0; i < kStripRows; ++i) {
      hn::StoreU(tile[i], kRow, strip + ptrdiff_t{x + i} * kStripRows);
    }
  });
}

void StripToRows(const uint8_t* strip, int columns, int count,
                 const Rows& rows) {
  if (columns < kStripRows) {
    StripToRowsReference(strip, columns, count, rows);
    return;
  }
  // Rows that do not exist go to row 0, which is stored last.
  uint8_t* row[kStripRows];
  for (int y = 0; y < kStripRows; ++y) {
    row[y] = rows.data + (y < count ? y * rows.stride : 0);
  }
  ForEachTile(columns, [&](int x) HWY_ATTR {
    Row tile[kStripRows];
    for (int i = 0; i < kStripRows; ++i) {
      tile[i] = hn::LoadU(kRow, strip + ptrdiff_t{x + i} * kStripRows);
    }
    Transpose(tile);
    for (int y = kStripRows; y-- > 0;) hn::StoreU(tile[y], kRow, row[y] + x);
  });
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace millrace
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace millrace {

HWY_EXPORT(RowsToStrip);
HWY_EXPORT(StripToRows);

void RowsToStrip(const ConstRows& rows, int count, int columns,
                 uint8_t* strip) {
  HWY_DYNAMIC_DISPATCH(RowsToStrip)(rows, count, columns, strip);
}

void StripToRows(const uint8_t* strip, int columns, int count,
                 const Rows& rows) {
  HWY_DYNAMIC_DISPATCH(StripToRows)(strip, columns, count, rows);
}

void RowsToStripReference(const ConstRows& rows, int count, int columns,
                          uint8_t* strip) {
  for (int y = 0; y < kStripRows; ++y) {
    const uint8_t* row = rows.data + std::min(y, count - 1) * rows.stride;
    for (int x = 0; x < columns; ++x) strip[x * kStripRows + y] = row[x];
  }
}

void StripToRowsReference(const uint8_t* strip, int columns, int count,
                          const Rows& rows) {
  for (int y = 0; y < count; ++y) {
    uint8_t* row = rows.data + y * rows.stride;
    for (int x = 0; x < columns; ++x) row[x] = strip[x * kStripRows + y];
  }
}

}  // namespace millrace
#endif  // HWY_ONCE
