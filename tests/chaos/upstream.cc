#include "tests/chaos/upstream.h"

#include <climits>
#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace millrace::chaos {

namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(60);

}  // namespace

Upstream::Upstream(std::string name, std::string data_dir)
    : name_(std::move(name)),
      data_dir_(std::move(data_dir)),
      port_(FreePort()),
      proxy_(port_) {}

absl::Status Upstream::Start() {
  process_ = std::make_unique<Process>(std::vector<std::string>{
      Program("millraced"), "--data-dir", data_dir_, "--listen",
      absl::StrCat("127.0.0.1:", port_), "--metrics-listen", ""});
  const absl::StatusOr<std::string> line =
      process_->WaitForErrorLine("\"millraced started\"", kStartTimeout);
  if (line.ok()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(name_, " did not start within ",
                                          absl::FormatDuration(kStartTimeout),
                                          ": ", line.status().message()));
}

const char* Upstream::state() const {
  switch (state_) {
    case State::kHealthy:
      return "healthy";
    case State::kDown:
      return "down";
    case State::kStopped:
      return "stopped";
    case State::kFrozen:
      return "frozen";
    case State::kCutting:
      return "cutting connections";
  }
}

void Upstream::Become(State state, absl::Duration duration) {
  state_ = state;
  until_ = absl::Now() + duration;
}

void Upstream::Kill(absl::Duration down) {
  process_->Kill();
  process_->Wait();
  Become(State::kDown, down);
}

void Upstream::Stop(absl::Duration stopped) {
  process_->Signal(SIGSTOP);
  Become(State::kStopped, stopped);
}

void Upstream::Freeze(absl::Duration frozen) {
  proxy_.Freeze();
  Become(State::kFrozen, frozen);
}

void Upstream::CutAfter(int64_t bytes, absl::Duration duration) {
  proxy_.CutAfter(bytes);
  proxy_.CutAll();
  Become(State::kCutting, duration);
}

absl::Status Upstream::EndDue(absl::Time now) {
  if (state_ != State::kDown && process_->WaitFor(absl::ZeroDuration())) {
    return absl::InternalError(absl::StrCat(name_, " died by itself with code ",
                                            process_->Wait(), ": ",
                                            process_->err()));
  }
  if (state_ == State::kHealthy || now < until_) return absl::OkStatus();
  const State ended = std::exchange(state_, State::kHealthy);
  if (ended == State::kDown) return Start();
  if (ended == State::kStopped) process_->Signal(SIGCONT);
  if (ended == State::kFrozen) proxy_.Thaw();
  if (ended == State::kCutting) proxy_.CutAfter(INT64_MAX);
  return absl::OkStatus();
}

}  // namespace millrace::chaos
