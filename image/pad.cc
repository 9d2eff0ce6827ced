#include "image/pad.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace millrace {
namespace {

int Modulo(int value, int divisor) {
  const int rest = value % divisor;
  return rest < 0 ? rest + divisor : rest;
}

// The source index that stands at place i of an endless line; -1 for fill.
int SourceOf(int i, int length, PaddingMode mode) {
  if (i >= 0 && i < length) return i;
  switch (mode) {
    case PaddingMode::kConstant:
      return -1;
    case PaddingMode::kEdge:
      return i < 0 ? 0 : length - 1;
    case PaddingMode::kReflect: {
      if (length == 1) return 0;
      const int at = Modulo(i, 2 * (length - 1));
      return std::min(at, 2 * (length - 1) - at);
    }
    case PaddingMode::kSymmetric: {
      const int at = Modulo(i, 2 * length);
      return std::min(at, 2 * length - 1 - at);
    }
  }
  return -1;
}

// Pixels [begin, end) of a row, of which none is the source's own.
void PadRow(const uint8_t* source, const std::vector<int>& columns,
            const Padding& padding, int channels, int begin, int end,
            uint8_t* row) {
  for (int x = begin; x < end; ++x) {
    const uint8_t* pixel = columns[x] < 0
                               ? padding.fill.data()
                               : source + ptrdiff_t{columns[x]} * channels;
    std::memcpy(row + ptrdiff_t{x} * channels, pixel, channels);
  }
}

void FillRow(const Padding& padding, const ImageSpan& out, uint8_t* row) {
  const auto& fill = padding.fill;
  if (out.channels == 1 || (fill[0] == fill[1] && fill[1] == fill[2])) {
    std::memset(row, fill[0], size_t{1} * out.width * out.channels);
    return;
  }
  for (int x = 0; x < out.width; ++x) {
    std::memcpy(row + ptrdiff_t{x} * out.channels, padding.fill.data(),
                out.channels);
  }
}

}  // namespace

void PadImage(const ImageView& source, int x, int y, const Padding& padding,
              const ImageSpan& out) {
  std::vector<int> columns(out.width);
  for (int i = 0; i < out.width; ++i) {
    columns[i] = SourceOf(i - x, source.width, padding.mode);
  }
  const int end = x + source.width;
  for (int i = 0; i < out.height; ++i) {
    uint8_t* row = out.row(i);
    const int from = SourceOf(i - y, source.height, padding.mode);
    if (from < 0) {
      FillRow(padding, out, row);
      continue;
    }
    PadRow(source.row(from), columns, padding, out.channels, 0, x, row);
    std::memcpy(row + ptrdiff_t{x} * out.channels, source.row(from),
                size_t{1} * source.width * out.channels);
    PadRow(source.row(from), columns, padding, out.channels, end, out.width,
           row);
  }
}

}  // namespace millrace
