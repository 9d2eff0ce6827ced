#include "tests/support/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"

namespace millrace {

namespace {

constexpr absl::Duration kPollEvery = absl::Milliseconds(2);

// Between fork() and exec(): nothing here may allocate.
[[noreturn]] void BecomeChild(char* const* argv, int out, int err) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(open("/dev/null", O_RDONLY), 0);
  dup2(out, 1);
  dup2(err, 2);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execv(argv[0], argv);
  _exit(127);
}

}  // namespace

std::string Program(absl::string_view name) {
  const char* folder = std::getenv("MILLRACE_BIN_DIR");
  return absl::StrCat(folder == nullptr ? "." : folder, "/", name);
}

int FreePort() {
  const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  bind(probe, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size);
  close(probe);
  return ntohs(address.sin_port);
}

Process::Process(const std::vector<std::string>& argv) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (pipe2(out.data(), O_CLOEXEC) != 0 || pipe2(err.data(), O_CLOEXEC) != 0) {
    std::abort();
  }
  std::vector<char*> arguments;
  for (const std::string& argument : argv) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) BecomeChild(arguments.data(), out[1], err[1]);
  close(out[1]);
  close(err[1]);
  reader_ = std::thread([this, out, err] { Read(out[0], err[0]); });
}

Process::~Process() {
  if (!Reap(WNOHANG)) {
    Kill();
    Reap(0);
  }
  reader_.join();
}

void Process::Signal(int signal) {
  if (!reaped_) kill(pid_, signal);
}

bool Process::Reap(int options) {
  if (!reaped_) reaped_ = waitpid(pid_, &status_, options) == pid_;
  return reaped_;
}

int Process::Wait() {
  Reap(0);
  MutexLock lock(&mutex_);
  while (!closed_) changed_.Wait(&mutex_);
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
}

bool Process::WaitFor(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (!Reap(WNOHANG)) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(kPollEvery);
  }
  return true;
}

std::string Process::out() const {
  MutexLock lock(&mutex_);
  return out_;
}

std::string Process::err() const {
  MutexLock lock(&mutex_);
  return err_;
}

absl::StatusOr<std::string> Process::WaitForErrorLine(absl::string_view text,
                                                      absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  MutexLock lock(&mutex_);
  while (true) {
    for (const absl::string_view line : absl::StrSplit(err_, '\n')) {
      // Whole lines only: the last piece is still being written.
      const bool whole = line.data() + line.size() < err_.data() + err_.size();
      if (whole && absl::StrContains(line, text)) return std::string(line);
    }
    if (closed_) return absl::UnavailableError(absl::StrCat(err_, out_));
    if (absl::Now() >= deadline) return absl::DeadlineExceededError(err_);
    changed_.WaitUntil(&mutex_, deadline);
  }
}

void Process::Read(int out, int err) {
  std::array<pollfd, 2> polled = {pollfd{out, POLLIN, 0},
                                  pollfd{err, POLLIN, 0}};
  std::array<char, 4096> buffer;
  while (polled[0].fd >= 0 || polled[1].fd >= 0) {
    poll(polled.data(), polled.size(), -1);
    for (size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].fd < 0 || polled[i].revents == 0) continue;
      const ssize_t size = read(polled[i].fd, buffer.data(), buffer.size());
      if (size <= 0) {
        close(polled[i].fd);
        polled[i].fd = -1;
        continue;
      }
      MutexLock lock(&mutex_);
      (i == 0 ? out_ : err_).append(buffer.data(), size);
      changed_.NotifyAll();
    }
  }
  MutexLock lock(&mutex_);
  closed_ = true;
  changed_.NotifyAll();
}

Outcome RunToEnd(const std::vector<std::string>& argv) {
  Process process(argv);
  const int code = process.Wait();
  return {code, process.out(), process.err()};
}

}  // namespace millrace
