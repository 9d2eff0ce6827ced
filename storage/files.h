// The few things that storage does to files itself. Each error names the path
// and says what to do about it.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace {

// The status of a failed system call; `action` is what could not be done, such
// as "write". RESOURCE_EXHAUSTED: no space. FAILED_PRECONDITION: not allowed.
// NOT_FOUND, ALREADY_EXISTS; UNAVAILABLE for the rest.
absl::Status FileError(int error, absl::string_view action,
                       absl::string_view path);

// Owns a file descriptor.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();

  int get() const { return fd_; }

 private:
  int fd_;
};

// `flags` as for open(2); O_CLOEXEC is added.
absl::StatusOr<FileDescriptor> OpenFile(const std::string& path, int flags);

bool Exists(const std::string& path);

// Names in a directory but . and .., in no order.
absl::StatusOr<std::vector<std::string>> ListDirectory(const std::string& path);

// Makes the directories of `path` that are missing, durably.
absl::Status MakeDirectories(const std::string& path);

// Makes one directory. ALREADY_EXISTS.
absl::Status MakeDirectory(const std::string& path);

// Removes a file or a directory with all that is in it; nothing there is fine.
absl::Status RemoveTree(const std::string& path);

absl::Status Rename(const std::string& from, const std::string& to);

// Lets two files or directories change places at one moment. NOT_FOUND: one of
// them is not there. UNIMPLEMENTED: this file system cannot.
absl::Status Exchange(const std::string& a, const std::string& b);

// Makes the entries of a directory durable.
absl::Status SyncDirectory(const std::string& path);

// Makes all files and directories below `path` durable, and itself.
absl::Status SyncTree(const std::string& path);

// A new file of these bytes, durable but for its directory entry.
absl::Status WriteFile(const std::string& path, absl::string_view bytes);

// DATA_LOSS: larger than `max_bytes`.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes);

}  // namespace millrace
