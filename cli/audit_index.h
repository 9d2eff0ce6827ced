// What audit logs hold, without the samples: which streams there were, and
// where the line of each of their steps is. 24 bytes a line.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/audit_line.h"
#include "cli/audit_problems.h"
#include "millrace/v1/plan.pb.h"

namespace millrace::cli {

struct AuditRecord {
  uint64_t step = 0;
  uint64_t offset = 0;
  uint32_t length = 0;  // Without the line feed.
  uint32_t line = 0;    // From 1.
};

struct AuditStream {
  OpenLine open;   // But for the plan, which is empty.
  size_t log = 0;  // In AuditIndex::logs.
  uint32_t line = 0;
  std::vector<AuditRecord> records;  // By step, each once.

  // "rank 1 of 4".
  std::string Rank() const;
  // Of a step's global batch: the first position of this rank, the first of the
  // next one.
  uint64_t first_position() const {
    return open.rank * (open.global_batch / open.world_size);
  }
  uint64_t end_position() const {
    return first_position() + open.global_batch / open.world_size;
  }
};

struct AuditIndex {
  std::vector<std::string> logs;
  // By the time of their opening.
  std::vector<AuditStream> streams;
  // What all streams have in common.
  v1::Plan plan;
  uint64_t plan_digest = 0;
  uint64_t steps_per_epoch = 0;
  uint64_t positions = 0;
  uint64_t global_batch = 0;
  // Lines that came twice or out of order.
  AuditProblems problems;

  // "a.log:12".
  std::string Place(size_t log, uint64_t line) const;
};

// `done` of `total` of the logs' bytes.
using AuditProgress = std::function<void(uint64_t done, uint64_t total)>;

// Reads all lines. INVALID_ARGUMENT, beginning with "LOG:LINE: ": a line that
// is none or has no end, a step of a stream that was not opened, a stream that
// was opened twice. FAILED_PRECONDITION: logs of different plans, named.
// NOT_FOUND: no such file.
absl::StatusOr<AuditIndex> ReadAuditLogs(const std::vector<std::string>& logs,
                                         const AuditProgress& progress);

}  // namespace millrace::cli
