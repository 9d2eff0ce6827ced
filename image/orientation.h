// EXIF orientations: from the upright picture that people see to the pixels as
// they lie in the file, and back.
//
// Every orientation is: swap the axes (5..8), then mirror the stored columns
// (2, 3, 7, 8), then the stored rows (3, 4, 6, 7).
#pragma once

#include "image/decode.h"
#include "image/image.h"

namespace millrace {

// Where the upright rectangle lies in the file.
Rect StoredRegion(const Rect& upright, const ImageHeader& header);

// Where borders in a stored picture of width x height are when it is upright.
PixelBox UprightBox(const PixelBox& stored, int width, int height,
                    int orientation);

// Turns stored pixels upright. `orientation` is 1..8.
void Orient(const ImageView& stored, int orientation, Image* upright);

}  // namespace millrace
