// Weighted sums of columns: what BlendRows does, along rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/blend.h"
#include "image/blend_picked.h"

namespace millrace {

class ColumnBlender {
 public:
  // Blend() may be called until `taps` or their memory change. `width` is the
  // pixels of a row.
  void Prepare(const Taps& taps, int channels, int width);

  // Writes taps.size pixels in each of `count` rows of `out`, each the weighted
  // sum of pixels of that row of `source`, which must not overlap.
  void Blend(const ConstRows& source, int count, const Rows& out);

  // Memory held for pixels; the tables beside grow with the output row alone.
  size_t bytes() const { return strips_.capacity(); }

 private:
  Taps taps_;
  int channels_ = 0;
  int width_ = 0;
  bool picked_ = false;
  PickedColumns picks_;
  std::vector<uint8_t> strips_;
};

}  // namespace millrace
