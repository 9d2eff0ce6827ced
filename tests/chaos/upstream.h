// One server behind a network, and what can happen to both.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/support/process.h"
#include "tests/support/tcp_proxy.h"

namespace millrace::chaos {

class Upstream {
 public:
  Upstream(std::string name, std::string data_dir);

  // Waits until it serves.
  absl::Status Start();

  const std::string& name() const { return name_; }
  // Where clients connect: the network before it.
  std::string endpoint() const { return proxy_.endpoint(); }
  bool healthy() const { return state_ == State::kHealthy; }
  // "stopped", ...
  const char* state() const;

  // Each for a while; the upstream must be healthy.
  void Kill(absl::Duration down);
  void Stop(absl::Duration stopped);
  void Freeze(absl::Duration frozen);
  // Connections are reset after so many bytes each, beginning with new ones in
  // place of all that there are.
  void CutAfter(int64_t bytes, absl::Duration duration);
  // At once, and over.
  void CutAll() { proxy_.CutAll(); }

  // Ends what is due; all, whatever its time. INTERNAL: the server died by
  // itself, or does not come up again.
  absl::Status EndDue(absl::Time now);
  absl::Status Heal() { return EndDue(absl::InfiniteFuture()); }

 private:
  enum class State { kHealthy, kDown, kStopped, kFrozen, kCutting };

  void Become(State state, absl::Duration duration);

  const std::string name_;
  const std::string data_dir_;
  const int port_;
  TcpProxy proxy_;
  std::unique_ptr<Process> process_;
  State state_ = State::kHealthy;
  absl::Time until_;
};

}  // namespace millrace::chaos
