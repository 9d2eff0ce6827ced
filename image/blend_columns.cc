#include "image/blend_columns.h"

#include <algorithm>

#include "image/transpose.h"

namespace millrace {

void ColumnBlender::Prepare(const Taps& taps, int channels, int width) {
  taps_ = taps;
  channels_ = channels;
  width_ = width;
  picked_ = picks_.Prepare(taps, channels, width * channels);
}

// Where columns cannot be picked, through strips, on which a horizontal pass is
// a vertical one: a pixel is channels * kStripRows neighbouring bytes.
void ColumnBlender::Blend(const ConstRows& source, int count, const Rows& out) {
  if (picked_) return picks_.Blend(source, count, out);
  const int pixel_bytes = channels_ * kStripRows;
  const int columns = width_ * channels_;
  const int out_columns = taps_.size * channels_;
  strips_.resize(size_t{kStripRows} * (columns + out_columns));
  uint8_t* strip = strips_.data();
  uint8_t* out_strip = strip + size_t{kStripRows} * columns;
  for (int y = 0; y < count; y += kStripRows) {
    const int rows = std::min(kStripRows, count - y);
    RowsToStrip({source.data + y * source.stride, source.stride}, rows, columns,
                strip);
    BlendRows(taps_, {strip, pixel_bytes}, pixel_bytes,
              {out_strip, pixel_bytes});
    StripToRows(out_strip, out_columns, rows,
                {out.data + y * out.stride, out.stride});
  }
}

}  // namespace millrace
