// The audit itself: from logs to a verdict. Prints nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/audit_index.h"
#include "cli/audit_problems.h"
#include "cli/audit_samples.h"

namespace millrace::cli {

struct AuditOptions {
  std::vector<std::string> logs;
  // Recompute every position from the datasets here; empty: do not.
  std::string data_dir;
  // So many epochs must be complete; 0: as many as there are.
  uint64_t epochs = 0;
  AuditProgress on_bytes;    // The first pass.
  AuditProgress on_records;  // The second.
};

struct AuditReport {
  v1::Plan plan;
  uint64_t plan_digest = 0;
  uint64_t steps_per_epoch = 0;
  uint64_t positions = 0;
  uint64_t global_batch = 0;
  bool positions_only = false;
  bool recomputed = false;

  size_t logs = 0;
  size_t streams = 0;
  // In order of time, each change.
  std::vector<uint32_t> world_sizes;
  // Delivered to a rank, each delivery counted.
  uint64_t steps = 0;
  // Those that have records.
  std::vector<AuditedEpoch> epochs;
  AuditProblems problems;

  bool exact() const { return problems.total() == 0; }
  // Finished, and nothing wrong with it.
  bool Complete(const AuditedEpoch& epoch) const {
    return epoch.finished && !problems.Has(epoch.epoch);
  }
  uint64_t complete_epochs() const;
  // Those of `steps` that were delivered again, to a later stream.
  uint64_t superseded() const;
};

// Errors: of ReadAuditLogs(), ExpectedSamples::Open() and AuditSamples().
absl::StatusOr<AuditReport> Audit(const AuditOptions& options);

}  // namespace millrace::cli
