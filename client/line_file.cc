#include "client/line_file.h"

#include <fcntl.h>
#include <sys/file.h>
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

// Nobody else repairs or appends meanwhile. Where files cannot be locked, it
// does nothing.
class FileLock {
 public:
  explicit FileLock(int file) : file_(file) {
    while (flock(file_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  ~FileLock() { flock(file_, LOCK_UN); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  const int file_;
};

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
  const FileLock lock(file);
  // A pipe or terminal has no end to cut.
  if (lseek(file, 0, SEEK_END) > 0 && !CutTornLine(file)) {
    return Failed("repair", path);
  }
  return lines;
}

LineFile::LineFile(std::string path, int file)
    : path_(std::move(path)), file_(file) {}

LineFile::LineFile(LineFile&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      failure_(std::move(other.failure_)) {}

LineFile::~LineFile() {
  if (file_ >= 0) close(file_);
}

absl::Status LineFile::Append(absl::string_view line) {
  if (!failure_.ok()) return failure_;
  const FileLock lock(file_);
  ssize_t written = 0;
  do {
    written = write(file_, line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  if (written >= 0 && static_cast<size_t>(written) == line.size()) {
    return absl::OkStatus();
  }
  if (written >= 0) errno = ENOSPC;
  failure_ = Failed("write", path_);
  return failure_;
}

}  // namespace millrace::client
