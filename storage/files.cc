#include "storage/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace millrace {

namespace {

// Writes all of `bytes`; false with errno set.
bool WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(written);
  }
  return true;
}

std::string ParentOf(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent;
}

std::string AbsolutePath(absl::string_view path) {
  std::error_code error;
  const std::string absolute =
      std::filesystem::absolute(std::string(path), error).string();
  return error ? std::string(path) : absolute;
}

absl::Status Sync(const std::string& path, int flags) {
  MILLRACE_ASSIGN_OR_RETURN(const FileDescriptor file,
                            OpenFile(path, O_RDONLY | flags));
  if (fsync(file.get()) != 0) return FileError(errno, "sync", path);
  return absl::OkStatus();
}

}  // namespace

absl::Status FileError(int error, absl::string_view action,
                       absl::string_view path) {
  const std::string what = absl::StrCat(
      "cannot ", action, " ", AbsolutePath(path), ": ", strerror(error));
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return absl::ResourceExhaustedError(
          absl::StrCat("no space left on ", path, " (", what,
                       "): free space or choose another --data-dir"));
    case EROFS:
    case EACCES:
    case EPERM:
      return absl::FailedPreconditionError(absl::StrCat(
          what, ": allow this user to, or choose another --data-dir"));
    case ENOTDIR:
      return absl::FailedPreconditionError(
          absl::StrCat(what, ": choose a folder as --data-dir"));
    case ENOENT:
      return absl::NotFoundError(absl::StrCat(
          what, ": check --data-dir, the folder that ingest publishes into"));
    case EEXIST:
    case ENOTEMPTY:
      return absl::AlreadyExistsError(what);
    case EMFILE:
    case ENFILE:
      return absl::UnavailableError(
          absl::StrCat(what, ": raise the limit (ulimit -n)"));
    default:
      return absl::UnavailableError(what);
  }
}

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<FileDescriptor> OpenFile(const std::string& path, int flags) {
  const int fd = open(path.c_str(), flags | O_CLOEXEC, 0644);
  if (fd < 0) {
    return FileError(errno, flags & O_CREAT ? "create" : "open", path);
  }
  return FileDescriptor(fd);
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

absl::StatusOr<std::vector<std::string>> ListDirectory(
    const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()),
                                                      &closedir);
  if (directory == nullptr) return FileError(errno, "list", path);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(directory.get())) {
    const absl::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) return FileError(errno, "list", path);
  return names;
}

absl::Status MakeDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0755) != 0) {
    return FileError(errno, "make the folder", path);
  }
  return absl::OkStatus();
}

absl::Status MakeDirectories(const std::string& path) {
  if (Exists(path)) return absl::OkStatus();
  const std::string parent = ParentOf(path);
  MILLRACE_RETURN_IF_ERROR(MakeDirectories(parent));
  const absl::Status made = MakeDirectory(path);
  if (!made.ok() && !absl::IsAlreadyExists(made)) return made;
  return SyncDirectory(parent);
}

absl::Status RemoveTree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return FileError(error.value(), "remove", path);
  return absl::OkStatus();
}

absl::Status Rename(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) {
    return FileError(errno, absl::StrCat("rename ", from, " to"), to);
  }
  return absl::OkStatus();
}

absl::Status Exchange(const std::string& a, const std::string& b) {
  if (renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) ==
      0) {
    return absl::OkStatus();
  }
  if (errno == EINVAL || errno == ENOSYS) {
    return absl::UnimplementedError(absl::StrCat(
        "the file system of ", b, " cannot exchange two directories"));
  }
  return FileError(errno, "replace", b);
}

absl::Status SyncDirectory(const std::string& path) {
  return Sync(path, O_DIRECTORY);
}

absl::Status SyncTree(const std::string& path) {
  std::error_code error;
  std::filesystem::recursive_directory_iterator entries(path, error);
  for (; !error && entries != end(entries); entries.increment(error)) {
    MILLRACE_RETURN_IF_ERROR(Sync(entries->path(), O_NOFOLLOW));
  }
  if (error) return FileError(error.value(), "list", path);
  return SyncDirectory(path);
}

absl::Status WriteFile(const std::string& path, absl::string_view bytes) {
  MILLRACE_ASSIGN_OR_RETURN(const FileDescriptor file,
                            OpenFile(path, O_WRONLY | O_CREAT | O_EXCL));
  if (!WriteAll(file.get(), bytes) || fsync(file.get()) != 0) {
    return FileError(errno, "write", path);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadFile(const std::string& path,
                                     size_t max_bytes) {
  MILLRACE_ASSIGN_OR_RETURN(const FileDescriptor file,
                            OpenFile(path, O_RDONLY));
  struct stat info;
  if (fstat(file.get(), &info) != 0) return FileError(errno, "read", path);
  if (static_cast<uint64_t>(info.st_size) > max_bytes) {
    return absl::DataLossError(absl::StrCat(path, " has ", info.st_size,
                                            " bytes; at most ", max_bytes,
                                            " are plausible"));
  }
  std::string bytes(info.st_size, '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = read(file.get(), &bytes[done], bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError(errno, "read", path);
    if (got == 0) break;
    done += got;
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace millrace
