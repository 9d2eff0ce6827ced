// Affine and perspective warps, equal to Pillow's Image.transform to the bit
// for one image, one map and any of the three filters.
//
// Source: Pillow's documented behaviour: the map leads from the centre of an
// output pixel to the input, in double; nearest takes the pixel that the point
// lies in (affine maps in 16.16 fixed point where that holds the image);
// bilinear and bicubic interpolate in double between pixel centres, repeat the
// outermost pixels, and are not antialiased.
#pragma once

#include <array>
#include <cstdint>

#include "image/image.h"
#include "image/projective_map.h"
#include "image/resample_taps.h"

namespace millrace {

struct WarpSpec {
  // From output to input. Pillow scales its maps to i = 1; -1 gives the same.
  ProjectiveMap to_input;
  Interpolation interpolation = Interpolation::kNearest;
  // Where the map leads out of the input.
  std::array<uint8_t, 3> fill = {0, 0, 0};
};

// Writes all of `out`, which has source.channels channels (1 or 3).
void WarpImage(const ImageView& source, const WarpSpec& spec,
               const ImageSpan& out);

}  // namespace millrace
