// Padding around an image, as numpy.pad and Pillow's ImageOps.expand make it.
#pragma once

#include <array>
#include <cstdint>

#include "image/image.h"

namespace millrace {

enum class PaddingMode { kConstant, kEdge, kReflect, kSymmetric };

struct Padding {
  bool operator==(const Padding&) const = default;

  PaddingMode mode = PaddingMode::kConstant;
  // A value for each channel, if the mode is kConstant.
  std::array<uint8_t, 3> fill = {0, 0, 0};
};

// Writes `source` with its left upper corner at (x, y) of `out`, and padding
// around. The source must lie inside, and must have pixels unless the mode is
// kConstant. Reflections go on as often as needed.
void PadImage(const ImageView& source, int x, int y, const Padding& padding,
              const ImageSpan& out);

}  // namespace millrace
