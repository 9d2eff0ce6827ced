// Source: MNIST and its kin, a pair of IDX files.
//
// Each file may be plain or gzip; which one is told by its first bytes, not by
// its name. Images are IDX3 of unsigned bytes, [N, height, width], sides up to
// 4096; labels are IDX1 of unsigned bytes, [N].
// Header counts that the bytes do not bear out are refused, with both
// numbers; so are trailing bytes and files whose counts differ.
//
// Keys are decimal indices, "0" to N-1, in the order of the file. Categories
// are the numbers from 0 to the largest label, and at least "0" to "9". Images
// are raw gray pixels.
//
// Memory: labels are held; images are read when needed, and gzip ones unpacked
// then, at most 256 MiB ("gunzip it first" above that). So damage in a large
// gzip file is found out during the ingest, which then refuses all of it.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "ingest/ingest.h"

namespace millrace {

struct MnistFiles {
  std::string images;
  std::string labels;
};

// NOT_FOUND or INVALID_ARGUMENT, naming the file.
absl::StatusOr<std::unique_ptr<Source>> OpenMnistSource(
    const MnistFiles& files);

}  // namespace millrace
