// What an ingest did, for people and for scripts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ingest/ingest.h"

namespace millrace::cli {

struct IngestReport {
  std::string dataset;
  // OK: published. Otherwise nothing new is visible, and why.
  absl::Status status;
  // The very same content had been published before.
  bool published_before = false;
  // Without info if refused; the lists hold what was found until then.
  IngestResult result;
  absl::Duration took;
};

// The form of --report and --json, indented, with a final newline:
//   {"dataset", "published", "error" (null or a text), "version", "kind",
//    "samples", "classes", "annotations", "captions", "source_bytes",
//    "image_bytes", "decode_record_bytes", "record_bytes", "shards",
//    "quarantined": [{"key", "reason"}], "warned": [{"key", "warning"}],
//    "untiled_count", "needs_libjpeg_count", "untiled": [{"key", "reason"}],
//    "notes": [text], "seconds"}
std::string ToJson(const IngestReport& report);

// The summary of a published dataset.
std::string ToText(const IngestReport& report);

// What must not be overlooked: how much is quarantined, the first few reasons,
// and where the rest is. Empty if nothing is. `report_file` may be empty.
std::string QuarantineNotice(const IngestReport& report,
                             const std::string& report_file);

}  // namespace millrace::cli
