// One stored sample as a picture, with everything that is known about it.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "millrace/v1/dataset.pb.h"
#include "storage/sample_store.h"

namespace millrace::cli {

// Writes a PNG: the upright image with boxes, masks and keypoints, its labels
// above and its captions below. The image's longer side is at most 1,600
// pixels; a small image is magnified by a whole factor.
// INVALID_ARGUMENT: the image does not decode. FAILED_PRECONDITION: the file
// cannot be written.
absl::Status WriteSamplePicture(const v1::DatasetInfo& dataset,
                                uint64_t ordinal, const Sample& sample,
                                const std::string& path);

}  // namespace millrace::cli
