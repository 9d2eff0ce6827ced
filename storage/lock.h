// Who may touch what in a data folder, by flock(2): the system frees a lock
// when its process dies, however it dies.
#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "storage/files.h"

namespace millrace {

// The right to write one dataset: an exclusive lock on a file of its own, which
// names the holder. The file goes away with the lock.
class WriterLock {
 public:
  // FAILED_PRECONDITION names the process that holds it.
  static absl::StatusOr<WriterLock> Take(const std::string& path);

  WriterLock(WriterLock&& other) noexcept = default;
  WriterLock& operator=(WriterLock&& other) = delete;
  ~WriterLock();

 private:
  WriterLock(std::string path, FileDescriptor file)
      : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  FileDescriptor file_;
};

// Holds up everybody else who wants to lock the same staging folder. Writer
// locks are taken under it: one that a sweep holds for a moment, to see that
// nobody else does, would else look like a writer's. Free with the descriptor.
absl::StatusOr<FileDescriptor> LockStaging(const std::string& root);

// A published directory that stays readable until this goes away, also when
// the dataset is removed meanwhile: removing renames the directory, which
// changes nothing here, and deletes it only if nobody holds it.
class HeldDirectory {
 public:
  // NOT_FOUND also if it is being deleted just now.
  static absl::StatusOr<HeldDirectory> Open(const std::string& path);

  // Of the directory itself, whatever it is called by now.
  std::string path() const;
  // As it was when opened; for messages.
  const std::string& original_path() const { return original_path_; }

 private:
  HeldDirectory(std::string original_path, FileDescriptor directory)
      : original_path_(std::move(original_path)),
        directory_(std::move(directory)) {}

  std::string original_path_;
  FileDescriptor directory_;
};

// Deletes a directory unless somebody holds it; then leaves it as it is.
absl::Status RemoveUnlessHeld(const std::string& path);

}  // namespace millrace
