#include "cli/audit_records.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace millrace::cli {

namespace {

constexpr size_t kReadBytes = 64 << 10;

}  // namespace

AuditRecords::AuditRecords(const AuditIndex& index) : index_(index) {
  for (const std::string& log : index.logs) {
    logs_.push_back({.file = open(log.c_str(), O_RDONLY | O_CLOEXEC)});
  }
}

AuditRecords::~AuditRecords() {
  for (const Log& log : logs_) {
    if (log.file >= 0) close(log.file);
  }
}

bool AuditRecords::Fill(const AuditRecord& record, Log* log) const {
  const uint64_t end = record.offset + record.length;
  if (log->offset <= record.offset && end <= log->offset + log->bytes.size()) {
    return true;
  }
  log->offset = record.offset;
  log->bytes.resize(std::max<size_t>(kReadBytes, record.length));
  const ssize_t size = pread(log->file, log->bytes.data(), log->bytes.size(),
                             static_cast<off_t>(record.offset));
  log->bytes.resize(std::max<ssize_t>(size, 0));
  return log->bytes.size() >= record.length;
}

absl::StatusOr<StepLine> AuditRecords::Read(const AuditStream& stream,
                                            const AuditRecord& record) {
  Log& log = logs_[stream.log];
  if (Fill(record, &log)) {
    auto line = ParseAuditLine(absl::string_view(log.bytes).substr(
        record.offset - log.offset, record.length));
    StepLine* step = line.ok() ? std::get_if<StepLine>(&*line) : nullptr;
    if (step != nullptr && step->stream == stream.open.stream &&
        step->step == record.step) {
      return std::move(*step);
    }
  }
  return absl::FailedPreconditionError(
      absl::StrCat(index_.Place(stream.log, record.line),
                   ": cannot be read again: the log was changed meanwhile"));
}

}  // namespace millrace::cli
