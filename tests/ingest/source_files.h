// Source files in the official formats, written by tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ingest/ingest.h"
#include "tests/support/samples.h"

namespace millrace {

// Writes a file, with the folders above it.
void PutFile(const std::string& path, absl::string_view bytes);

std::string Gzip(absl::string_view bytes);

// An IDX header of unsigned bytes, and `bytes` after it.
std::string Idx(const std::vector<uint32_t>& sizes, absl::string_view bytes);

// A gray or RGB picture whose pixels depend on `seed`.
std::string TestJpeg(int width, int height, int seed = 0, int channels = 3);
std::string TestPng(int width, int height, int seed = 0);

// `jpeg` with an EXIF orientation of 1 to 8.
std::string WithOrientation(absl::string_view jpeg, int orientation);

// Options for a dataset called "test" in `folder`.
IngestOptions TestOptions(const TemporaryFolder& folder);

// All samples of the newest version of "test" there, in order.
std::vector<v1::SampleMeta> StoredMetas(const TemporaryFolder& folder);

// The real files, from the environment; empty if there are none.
std::string RealData();

}  // namespace millrace
