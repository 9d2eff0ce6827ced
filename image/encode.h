// Pixels to files: for pictures that people look at, and for drawn datasets.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "image/image.h"

namespace millrace {

// Baseline JPEG, 4:2:0 for RGB. `quality` 1..100. INVALID_ARGUMENT for an empty
// image or sides over 65,500 pixels.
absl::StatusOr<std::string> EncodeJpeg(const ImageView& image,
                                       int quality = 90);

absl::StatusOr<std::string> EncodePng(const ImageView& image);

}  // namespace millrace
