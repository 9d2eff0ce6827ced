// The one thing that we read from EXIF: which way up the image is.
#pragma once

#include "absl/strings/string_view.h"

namespace millrace {

// The orientation (1..8) that a JPEG's first EXIF segment gives, in either byte
// order. 1 if it has none, or nonsense: a bad camera tag is no reason to refuse
// a picture. Linear in the bytes before the first scan.
//
// Source: EXIF 2.3, 4.5.4 (APP1), 4.6.2 and 4.6.4 (tag 0x0112, one SHORT).
int JpegOrientation(absl::string_view jpeg);

}  // namespace millrace
