#include "storage/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "storage/layout.h"

namespace millrace {

namespace {

constexpr size_t kMaxHolderBytes = 512;

std::string ThisProcess() {
  char host[256] = "unknown";
  gethostname(host, sizeof(host) - 1);
  return absl::StrCat("process ", getpid(), " on host ", host);
}

absl::Status HeldByAnother(const std::string& path) {
  const absl::StatusOr<std::string> holder = ReadFile(path, kMaxHolderBytes);
  return absl::FailedPreconditionError(absl::StrCat(
      "this dataset is being written by ",
      holder.ok() && !holder->empty() ? *holder : "another process", " (lock ",
      path, "): wait for it or stop it"));
}

// Whether `file` is still what `path` names: the last holder removes it.
bool IsCurrent(const FileDescriptor& file, const std::string& path) {
  struct stat mine, named;
  return fstat(file.get(), &mine) == 0 && stat(path.c_str(), &named) == 0 &&
         mine.st_dev == named.st_dev && mine.st_ino == named.st_ino;
}

}  // namespace

absl::StatusOr<WriterLock> WriterLock::Take(const std::string& path) {
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(FileDescriptor file,
                              OpenFile(path, O_RDWR | O_CREAT));
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return HeldByAnother(path);
      return FileError(errno, "lock", path);
    }
    if (!IsCurrent(file, path)) continue;
    const std::string holder = ThisProcess();
    if (ftruncate(file.get(), 0) != 0 ||
        pwrite(file.get(), holder.data(), holder.size(), 0) < 0) {
      return FileError(errno, "write", path);
    }
    return WriterLock(path, std::move(file));
  }
}

WriterLock::~WriterLock() {
  if (file_.get() >= 0) unlink(path_.c_str());
}

absl::StatusOr<FileDescriptor> LockStaging(const std::string& root) {
  const std::string path = StagingRoot(root);
  MILLRACE_ASSIGN_OR_RETURN(FileDescriptor directory,
                            OpenFile(path, O_RDONLY | O_DIRECTORY));
  // Where the file system knows no locks, none can be had.
  while (flock(directory.get(), LOCK_EX) != 0 && errno == EINTR) {
  }
  return directory;
}

absl::StatusOr<HeldDirectory> HeldDirectory::Open(const std::string& path) {
  MILLRACE_ASSIGN_OR_RETURN(FileDescriptor directory,
                            OpenFile(path, O_RDONLY | O_DIRECTORY));
  // Where the file system knows no locks, none can be had; reading goes on.
  const bool locked = flock(directory.get(), LOCK_SH | LOCK_NB) == 0;
  struct stat info;
  if ((!locked && errno == EWOULDBLOCK) ||
      (fstat(directory.get(), &info) == 0 && info.st_nlink == 0)) {
    return absl::NotFoundError(absl::StrCat(path, " is being removed"));
  }
  return HeldDirectory(path, std::move(directory));
}

std::string HeldDirectory::path() const {
  return absl::StrCat("/proc/self/fd/", directory_.get());
}

absl::Status RemoveUnlessHeld(const std::string& path) {
  MILLRACE_ASSIGN_OR_RETURN(const FileDescriptor directory,
                            OpenFile(path, O_RDONLY | O_DIRECTORY));
  if (flock(directory.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return absl::OkStatus();
  }
  return RemoveTree(path);
}

}  // namespace millrace
