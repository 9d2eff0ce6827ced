#include "client/line_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace millrace::client {

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

absl::StatusOr<LineFile> LineFile::Open(const std::string& path) {
  const int file =
      open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) return Failed("open", path);
  LineFile lines(path, file);
  // A pipe or terminal has no end to cut.
  if (lseek(file, 0, SEEK_END) > 0 && !CutTornLine(file)) {
    return Failed("repair", path);
  }
  return lines;
}

LineFile::LineFile(std::string path, int file)
    : path_(std::move(path)), file_(file) {}

LineFile::LineFile(LineFile&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, -1)) {}

LineFile::~LineFile() {
  if (file_ >= 0) close(file_);
}

absl::Status LineFile::Append(absl::string_view line) {
  const ssize_t written = write(file_, line.data(), line.size());
  if (written < 0) return Failed("write", path_);
  if (static_cast<size_t>(written) < line.size()) {
    errno = ENOSPC;
    return Failed("write", path_);
  }
  return absl::OkStatus();
}

}  // namespace millrace::client
