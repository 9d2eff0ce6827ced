// Asks again of a stored image what was asked when it came in.
#pragma once

#include "absl/status/status.h"
#include "storage/sample_store.h"

namespace millrace {

// DATA_LOSS unless the image is what its metadata say, and decodes with its
// decode record to the very pixels that libjpeg makes of it without.
absl::Status CheckPixels(const Sample& sample);

}  // namespace millrace
