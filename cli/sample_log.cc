#include "cli/sample_log.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/audit_log.h"

namespace millrace::cli {

SampleLog::SampleLog(client::LineFile file, uint32_t rank, uint32_t world_size)
    : file_(std::move(file)), rank_(rank), world_size_(world_size) {}

absl::StatusOr<SampleLog> SampleLog::Open(const std::string& path,
                                          uint32_t rank, uint32_t world_size) {
  MILLRACE_ASSIGN_OR_RETURN(client::LineFile file,
                            client::LineFile::Open(path));
  return SampleLog(std::move(file), rank, world_size);
}

absl::Status SampleLog::Add(const client::ReceivedBatch& batch) {
  MILLRACE_ASSIGN_OR_RETURN(const std::string ordinals,
                            client::OrdinalWords(batch));
  return file_.Append(absl::StrCat(batch.epoch, " ", batch.step, " ", rank_,
                                   " ", world_size_, ordinals, "\n"));
}

}  // namespace millrace::cli
