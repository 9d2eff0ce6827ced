// Reads records of an index again, each log mostly from front to back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/audit_index.h"

namespace millrace::cli {

class AuditRecords {
 public:
  // `index` must outlive this object.
  explicit AuditRecords(const AuditIndex& index);
  ~AuditRecords();
  AuditRecords(const AuditRecords&) = delete;
  AuditRecords& operator=(const AuditRecords&) = delete;

  // FAILED_PRECONDITION: the log holds something else there by now.
  absl::StatusOr<StepLine> Read(const AuditStream& stream,
                                const AuditRecord& record);

 private:
  struct Log {
    int file = -1;
    uint64_t offset = 0;  // Of `bytes`.
    std::string bytes;
  };

  bool Fill(const AuditRecord& record, Log* log) const;

  const AuditIndex& index_;
  std::vector<Log> logs_;
};

}  // namespace millrace::cli
