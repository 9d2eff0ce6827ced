// JPEGs that are to be turned, as cameras write them.
#pragma once

#include <string>

#include "absl/strings/str_cat.h"

namespace millrace {

// The same file with an EXIF segment behind the start-of-image marker.
inline std::string WithOrientation(const std::string& jpeg, int orientation) {
  const char segment[] =
      "\xFF\xE1\x00\x22"
      "Exif\0\0"
      "MM\0*\0\0\0\x08\0\x01"
      "\x01\x12\0\x03\0\0\0\x01\0";
  std::string exif(segment, sizeof(segment) - 1);
  exif.push_back(static_cast<char>(orientation));
  exif.append(6, '\0');
  return absl::StrCat(jpeg.substr(0, 2), exif, jpeg.substr(2));
}

}  // namespace millrace
