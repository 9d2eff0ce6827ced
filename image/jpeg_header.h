// The markers before the scan of a baseline JPEG, written from its layout.
#pragma once

#include <string>

#include "image/jpeg_layout.h"

namespace millrace {

// Replaces *out by a header for an image of width x height pixels, with the
// layout's tables, sampling, color and restart interval; a scan made of the
// layout's intervals may follow.
void WriteJpegHeader(const JpegLayout& layout, int width, int height,
                     std::string* out);

}  // namespace millrace
