// One line of an audit log, read; client/audit_log.h has the format.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace::cli {

// A sample as logs name it.
struct SampleId {
  int64_t dataset = 0;   // Of a mixture; else 0.
  int64_t ordinal = -1;  // -1: padding; its dataset is 0.

  bool padding() const { return ordinal < 0; }
  bool operator==(const SampleId&) const = default;
};

struct OpenLine {
  uint64_t stream = 0;
  int64_t unix_micros = 0;
  uint32_t rank = 0;
  uint32_t world_size = 1;
  uint64_t start_step = 0;
  uint64_t steps_per_epoch = 0;
  uint64_t positions = 0;
  uint64_t global_batch = 0;
  uint64_t plan_digest = 0;
  std::string plan;  // Serialised.
};

struct StepLine {
  uint64_t stream = 0;
  uint64_t epoch = 0;
  uint64_t step = 0;
  uint64_t digest = 0;
  std::vector<SampleId> samples;
};

// `line` without its line feed. INVALID_ARGUMENT says what is wrong with it:
// no such line, a version that this program does not know, values that
// contradict each other.
absl::StatusOr<std::variant<OpenLine, StepLine>> ParseAuditLine(
    absl::string_view line);

}  // namespace millrace::cli
