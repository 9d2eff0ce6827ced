// The second pass of an audit: the samples of each epoch, one epoch in memory
// at a time, as a bitmap.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/audit_coverage.h"
#include "cli/audit_expected.h"
#include "cli/audit_index.h"

namespace millrace::cli {

struct AuditedEpoch {
  uint64_t epoch = 0;
  // Some rank had its last step.
  bool finished = false;
  // Steps of which every position is there.
  uint64_t steps = 0;
  // Delivered, each position once, without padding.
  uint64_t samples = 0;
  // Steps of ranks that were delivered again, to a later stream.
  uint64_t superseded = 0;
};

// Samples are drawn with replacement, or of several datasets: only positions
// can be counted.
bool CountsPositionsOnly(const v1::Plan& plan);

// Reads every record and compares what it says with the other records of its
// position, with `expected` (may be null), and for finished epochs with the
// rule that each sample comes once. Epochs without a record are left out.
// FAILED_PRECONDITION: a log has changed meanwhile.
absl::StatusOr<std::vector<AuditedEpoch>> AuditSamples(
    const AuditIndex& index, const AuditCoverage& coverage,
    const ExpectedSamples* expected, const AuditProgress& progress,
    AuditProblems* problems);

}  // namespace millrace::cli
