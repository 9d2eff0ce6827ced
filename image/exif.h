// The one thing that we read from EXIF: which way up the image is.
#pragma once

#include "absl/strings/string_view.h"

namespace millrace {

// The orientation (1..8) in the payload of a JPEG APP1 marker, "Exif\0\0" and
// a TIFF directory in either byte order. 1 if it has none, or nonsense: a bad
// camera tag is no reason to refuse a picture.
//
// Source: EXIF 2.3, 4.6.2 and 4.6.4 (tag 0x0112, SHORT, count 1).
int ExifOrientation(absl::string_view app1);

}  // namespace millrace
