// Datasets of JPEGs in memory, as ingest stores them or as they came.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "storage/sample_store.h"

namespace millrace {

struct StoredJpeg {
  v1::SampleMeta meta;
  std::string bytes;
  std::string decode_record;  // Empty: it has none.
};

// With its metadata. Each stops the test if the file does not decode.
StoredJpeg AsItCame(absl::string_view jpeg);
// With tiles and a decode record.
StoredJpeg Tiled(absl::string_view jpeg);

// A dataset "drawn/jpegs"; keys are the ordinals.
std::shared_ptr<const SampleStore> JpegStore(std::vector<StoredJpeg> samples);

}  // namespace millrace
