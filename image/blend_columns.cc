#include "image/blend_columns.h"

#include <algorithm>

#include "image/transpose.h"

namespace millrace {

// Through strips, on which a horizontal pass is a vertical one: a pixel is
// channels * kStripRows neighbouring bytes.
void BlendColumns(const ImageView& source, const Taps& taps,
                  std::vector<uint8_t>* strips, const Rows& out) {
  const int pixel_bytes = source.channels * kStripRows;
  const int columns = source.width * source.channels;
  const int out_columns = taps.size * source.channels;
  strips->resize(size_t{kStripRows} * (columns + out_columns));
  uint8_t* strip = strips->data();
  uint8_t* out_strip = strip + size_t{kStripRows} * columns;
  for (int y = 0; y < source.height; y += kStripRows) {
    const int count = std::min(kStripRows, source.height - y);
    RowsToStrip({source.row(y), source.stride}, count, columns, strip);
    BlendRows(taps, {strip, pixel_bytes}, pixel_bytes,
              {out_strip, pixel_bytes});
    StripToRows(out_strip, out_columns, count,
                {out.data + y * out.stride, out.stride});
  }
}

}  // namespace millrace
