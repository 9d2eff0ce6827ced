#include "ingest/bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace millrace {
namespace {

class MemoryBytes : public ByteSource {
 public:
  explicit MemoryBytes(std::string bytes) : bytes_(std::move(bytes)) {}

  uint64_t size() const override { return bytes_.size(); }

  absl::Status ReadAt(uint64_t offset, size_t size, char* out) const override {
    if (offset > bytes_.size() || size > bytes_.size() - offset) {
      return absl::DataLossError("read past the end");
    }
    std::memcpy(out, bytes_.data() + offset, size);
    return absl::OkStatus();
  }

 private:
  const std::string bytes_;
};

class FileBytes : public ByteSource {
 public:
  FileBytes(std::string path, int fd, uint64_t size)
      : path_(std::move(path)), fd_(fd), size_(size) {}
  ~FileBytes() override { ::close(fd_); }
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  uint64_t size() const override { return size_; }

  absl::Status ReadAt(uint64_t offset, size_t size, char* out) const override {
    while (size > 0) {
      const ssize_t got = ::pread(fd_, out, size, static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) {
        return absl::ErrnoToStatus(errno, absl::StrCat("cannot read ", path_));
      }
      if (got == 0) {
        return absl::DataLossError(absl::StrCat(path_, " ends at byte ", offset,
                                                ", although it had ", size_,
                                                " when opened"));
      }
      out += got;
      offset += static_cast<uint64_t>(got);
      size -= static_cast<size_t>(got);
    }
    return absl::OkStatus();
  }

 private:
  const std::string path_;
  const int fd_;
  const uint64_t size_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<const ByteSource>> OpenFile(
    const std::string& path) {
  // O_NONBLOCK: a pipe without a writer must not hold us up.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", path));
  }
  struct stat info;
  if (::fstat(fd, &info) != 0) {
    const int error = errno;
    ::close(fd);
    return absl::ErrnoToStatus(error, absl::StrCat("cannot stat ", path));
  }
  if (!S_ISREG(info.st_mode)) {
    ::close(fd);
    return absl::InvalidArgumentError(absl::StrCat(
        path, S_ISDIR(info.st_mode) ? " is a folder" : " is no regular file"));
  }
  return std::make_shared<FileBytes>(path, fd,
                                     static_cast<uint64_t>(info.st_size));
}

std::shared_ptr<const ByteSource> FromMemory(std::string bytes) {
  return std::make_shared<MemoryBytes>(std::move(bytes));
}

absl::StatusOr<std::string> ReadAll(const ByteSource& source,
                                    uint64_t max_bytes) {
  if (source.size() > max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat(source.size(), " bytes exceed the limit of ", max_bytes));
  }
  std::string bytes(source.size(), '\0');
  MILLRACE_RETURN_IF_ERROR(source.ReadAt(0, bytes.size(), bytes.data()));
  return bytes;
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path,
                                          uint64_t max_bytes) {
  MILLRACE_ASSIGN_OR_RETURN(auto source, OpenFile(path));
  absl::StatusOr<std::string> bytes = ReadAll(*source, max_bytes);
  if (absl::IsResourceExhausted(bytes.status())) {
    return absl::ResourceExhaustedError(
        absl::StrCat(path, ": ", bytes.status().message()));
  }
  return bytes;
}

}  // namespace millrace
