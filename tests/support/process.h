// Programs as tests run them: started, watched, killed.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/mutex.h"

namespace millrace {

// The full path of one of our programs: MILLRACE_BIN_DIR/name.
std::string Program(absl::string_view name);

// A TCP port of the loopback interface that was free a moment ago.
int FreePort();

// A child process. Killed, if it still runs, when this object goes; and by the
// kernel if the thread that made it dies.
class Process {
 public:
  // argv[0] is the program's path.
  explicit Process(const std::vector<std::string>& argv);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal);
  void Kill() { Signal(SIGKILL); }

  // The exit code, or 128 + the signal that ended it.
  int Wait();
  // False if it still runs after `timeout`.
  bool WaitFor(absl::Duration timeout);

  // What it has written so far.
  std::string out() const;
  std::string err() const;

  // The first line of stderr with `text` in it. DEADLINE_EXCEEDED, or
  // UNAVAILABLE if the process ends without it, with all that was written.
  absl::StatusOr<std::string> WaitForErrorLine(absl::string_view text,
                                               absl::Duration timeout);

 private:
  void Read(int out, int err);
  bool Reap(int options);

  pid_t pid_ = -1;
  int status_ = 0;
  bool reaped_ = false;
  mutable Mutex mutex_;
  CondVar changed_;
  std::string out_ ABSL_GUARDED_BY(mutex_);
  std::string err_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread reader_;
};

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

// Runs a program to its end.
Outcome RunToEnd(const std::vector<std::string>& argv);

}  // namespace millrace
