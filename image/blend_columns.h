// Weighted sums of columns: what BlendRows does, along rows.
#pragma once

#include <cstdint>
#include <vector>

#include "image/blend.h"
#include "image/image.h"

namespace millrace {

// Writes taps.size pixels in each of source.height rows of `out`, each the
// weighted sum of pixels of that row of `source`, which must not overlap.
// `*strips` is working memory.
void BlendColumns(const ImageView& source, const Taps& taps,
                  std::vector<uint8_t>* strips, const Rows& out);

}  // namespace millrace
