// Publishes a dataset while the N-th system call that changes the disk goes
// wrong. Run by crash_test.cc:
//
//   storage_fault_child ROOT crash|full|synced N
//
// "crash": the process is killed just before the call. "full": the call fails
// for want of space. "synced": nothing goes wrong, but what is published must
// have been made durable since it was last written to. The calls of all
// libraries are caught, since the program's own functions come before libc's.
#include <dlfcn.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <set>
#include <string>

#include "tests/storage/fault_child.h"
#include "tests/support/samples.h"

namespace {

enum class Fault { kCrash, kFull };

Fault fault = Fault::kCrash;
std::atomic<bool> armed = false;
std::atomic<int64_t> calls_left = 0;

// Whether this call is to fail; does not return from a crash.
bool Goes(bool may_need_space) {
  if (!armed || (fault == Fault::kFull && !may_need_space)) return false;
  if (--calls_left != 0) return false;
  if (fault == Fault::kCrash) kill(getpid(), SIGKILL);
  errno = ENOSPC;
  return true;
}

// Files and directories, by inode, that were synced and not written to since.
std::mutex synced_mutex;
std::set<ino_t>* synced = nullptr;

void NoteSynced(int fd, bool is_synced) {
  struct stat info;
  if (synced == nullptr || fstat(fd, &info) != 0) return;
  const std::lock_guard<std::mutex> lock(synced_mutex);
  if (is_synced) {
    synced->insert(info.st_ino);
  } else {
    synced->erase(info.st_ino);
  }
}

// The first of what is published that was not synced.
std::string Unsynced(const std::string& root) {
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(root + "/a")) {
    struct stat info;
    if (stat(entry.path().c_str(), &info) != 0) return entry.path();
    if (synced->count(info.st_ino) == 0) return entry.path();
  }
  return "";
}

template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

#define MILLRACE_CAUGHT extern "C" __attribute__((visibility("default")))

MILLRACE_CAUGHT ssize_t write(int fd, const void* data, size_t size) {
  static auto* const next = Next<ssize_t(int, const void*, size_t)>("write");
  NoteSynced(fd, false);
  return Goes(true) ? -1 : next(fd, data, size);
}
MILLRACE_CAUGHT ssize_t pwrite(int fd, const void* data, size_t size,
                               off_t at) {
  static auto* const next =
      Next<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  NoteSynced(fd, false);
  return Goes(true) ? -1 : next(fd, data, size, at);
}
MILLRACE_CAUGHT int fsync(int fd) {
  static auto* const next = Next<int(int)>("fsync");
  NoteSynced(fd, true);
  return Goes(true) ? -1 : next(fd);
}
MILLRACE_CAUGHT int fdatasync(int fd) {
  static auto* const next = Next<int(int)>("fdatasync");
  NoteSynced(fd, true);
  return Goes(true) ? -1 : next(fd);
}
MILLRACE_CAUGHT int mkdir(const char* path, mode_t mode) noexcept {
  static auto* const next = Next<int(const char*, mode_t)>("mkdir");
  return Goes(true) ? -1 : next(path, mode);
}
MILLRACE_CAUGHT int rename(const char* from, const char* to) noexcept {
  static auto* const next = Next<int(const char*, const char*)>("rename");
  return Goes(true) ? -1 : next(from, to);
}
MILLRACE_CAUGHT int link(const char* from, const char* to) noexcept {
  static auto* const next = Next<int(const char*, const char*)>("link");
  return Goes(true) ? -1 : next(from, to);
}
MILLRACE_CAUGHT int unlink(const char* path) noexcept {
  static auto* const next = Next<int(const char*)>("unlink");
  return Goes(false) ? -1 : next(path);
}
MILLRACE_CAUGHT int unlinkat(int fd, const char* path, int flags) noexcept {
  static auto* const next = Next<int(int, const char*, int)>("unlinkat");
  return Goes(false) ? -1 : next(fd, path, flags);
}

int main(int argc, char** argv) {
  if (argc != 4) return millrace::kFaultChildUsage;
  fault = argv[2] == std::string("full") ? Fault::kFull : Fault::kCrash;
  calls_left = std::atoll(argv[3]);
  if (argv[2] == std::string("synced")) synced = new std::set<ino_t>;
  armed = true;
  const absl::Status status =
      millrace::PublishSamples(argv[1], "a", millrace::FaultChildSamples(), 1)
          .status();
  armed = false;
  if (absl::IsResourceExhausted(status)) return millrace::kFaultChildFull;
  if (!status.ok()) {
    std::cerr << status << std::endl;
    return millrace::kFaultChildFailed;
  }
  if (synced != nullptr) {
    const std::string unsynced = Unsynced(argv[1]);
    if (!unsynced.empty()) {
      std::cerr << unsynced << std::endl;
      return millrace::kFaultChildUnsynced;
    }
  }
  return calls_left > 0 ? millrace::kFaultChildDone
                        : millrace::kFaultChildSurvived;
}
