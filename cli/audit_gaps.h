// What is missing from finished epochs, in words.
#pragma once

#include "cli/audit_coverage.h"
#include "cli/audit_expected.h"
#include "cli/audit_problems.h"

namespace millrace::cli {

// Adds a problem for each gap of each epoch: which steps and positions, whose
// they were, and with `expected` (may be null) which samples.
void AddGaps(const AuditIndex& index, const AuditCoverage& coverage,
             const ExpectedSamples* expected, AuditProblems* problems);

}  // namespace millrace::cli
