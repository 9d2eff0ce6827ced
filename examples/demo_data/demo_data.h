// Small datasets, drawn in the official file formats of MNIST, COCO and
// ImageNet; README.md has the layout. The same arguments draw the same files.
//
// Files of the same name are overwritten. FAILED_PRECONDITION: a file or
// folder cannot be written.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace millrace::demo {

// <out>/mnist: `digits` for training, a sixth as many for testing (at least
// one of each).
absl::Status DrawMnist(const std::string& out, int digits, uint64_t seed);

// <out>/coco: `scenes` in train2017, half as many in val2017.
absl::Status DrawCoco(const std::string& out, int scenes, uint64_t seed);

// <out>/imagenet: `per_class` training images of each of eight classes, a
// quarter as many for validation.
absl::Status DrawImagenet(const std::string& out, int per_class, uint64_t seed);

}  // namespace millrace::demo
