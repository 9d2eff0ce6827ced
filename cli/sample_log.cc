#include "cli/sample_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace millrace::cli {

namespace {

absl::Status Failed(absl::string_view what, const std::string& path) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot ", what, " ", path, ": ", std::strerror(errno)));
}

// Cuts the file after its last line feed.
bool CutTornLine(int file) {
  const off_t size = lseek(file, 0, SEEK_END);
  off_t end = size;
  for (char last = '\0'; end > 0; --end) {
    if (pread(file, &last, 1, end - 1) != 1) return false;
    if (last == '\n') break;
  }
  return end == size || ftruncate(file, end) == 0;
}

}  // namespace

absl::StatusOr<SampleLog> SampleLog::Open(const std::string& path,
                                          uint32_t rank, uint32_t world_size) {
  const int file =
      open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) return Failed("open", path);
  SampleLog log(path, file, rank, world_size);
  // A pipe or terminal has no end to cut.
  if (lseek(file, 0, SEEK_END) > 0 && !CutTornLine(file)) {
    return Failed("repair", path);
  }
  return log;
}

SampleLog::SampleLog(std::string path, int file, uint32_t rank,
                     uint32_t world_size)
    : path_(std::move(path)),
      file_(file),
      rank_(rank),
      world_size_(world_size) {}

SampleLog::SampleLog(SampleLog&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      rank_(other.rank_),
      world_size_(other.world_size_) {}

SampleLog::~SampleLog() {
  if (file_ >= 0) close(file_);
}

absl::Status SampleLog::Add(const client::ReceivedBatch& batch) {
  const client::TensorView* ordinals = batch.Find("ordinal");
  if (ordinals == nullptr || ordinals->dtype != v1::INT64) {
    return absl::InternalError(
        absl::StrCat("step ", batch.step, " has no ordinals to log"));
  }
  // Of a mixture.
  const client::TensorView* datasets = batch.Find("dataset_index");
  if (datasets != nullptr &&
      (datasets->dtype != v1::INT64 ||
       datasets->bytes.size() != ordinals->bytes.size())) {
    return absl::InternalError(absl::StrCat(
        "step ", batch.step, " does not say whose its ordinals are"));
  }
  std::string line =
      absl::StrCat(batch.epoch, " ", batch.step, " ", rank_, " ", world_size_);
  const absl::Span<const int64_t> values = ordinals->values<int64_t>();
  for (size_t i = 0; i < values.size(); ++i) {
    line.push_back(' ');
    if (datasets != nullptr && values[i] >= 0) {
      absl::StrAppend(&line, datasets->values<int64_t>()[i], ":");
    }
    absl::StrAppend(&line, values[i]);
  }
  line.push_back('\n');
  const ssize_t written = write(file_, line.data(), line.size());
  if (written < 0) return Failed("write", path_);
  if (static_cast<size_t>(written) < line.size()) {
    errno = ENOSPC;
    return Failed("write", path_);
  }
  return absl::OkStatus();
}

}  // namespace millrace::cli
