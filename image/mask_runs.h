// Masks as lists of the pixels that are set: what run lengths say, in a form
// that can be searched and joined. Pixels are counted down the columns.
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/image.h"
#include "image/mask.h"

namespace millrace {

// [begin, end).
struct PixelRun {
  uint32_t begin;
  uint32_t end;

  bool operator==(const PixelRun&) const = default;
};

// "United" runs ascend, none is empty, and none touches the next.
using PixelRuns = std::vector<PixelRun>;

// Adds a run that begins no earlier than the last one ends.
inline void AppendRun(uint32_t begin, uint32_t end, PixelRuns* united) {
  if (begin == end) return;
  if (united->empty() || united->back().end != begin) {
    united->push_back({begin, end});
  } else {
    united->back().end = end;
  }
}

// United; the mask must have been checked.
PixelRuns RunsOf(const RunLengthMask& mask);
// The other way, as short as can be; of united runs within the mask.
RunLengthMask MaskOf(const PixelRuns& united, int height, int width);

// The smallest rectangle around all runs (but for one that goes on to the next
// column: all rows); empty if there are none.
Rect BoundsOf(const PixelRuns& united, int height);

// Makes runs in any order united; they may overlap.
void Unite(PixelRuns* runs);

// Says which pixels are in united runs; quick if most calls ask for a pixel
// near the last one's. Borrows the runs.
class RunLookup {
 public:
  explicit RunLookup(const PixelRuns& united) : runs_(united) {}

  bool Contains(uint32_t pixel);

 private:
  const PixelRuns& runs_;
  size_t next_ = 0;  // The first run that ends after the last pixel.
};

}  // namespace millrace
