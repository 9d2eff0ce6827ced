// Which faults come, in what order: the same for the same seed.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "absl/time/time.h"

namespace millrace::chaos {

enum class FaultKind {
  kKillServer,
  kStopServer,
  kCutConnections,
  kFreezeNetwork,
  kCutAfterBytes,
  kKillRank,
  kResizeWorld,
};
inline constexpr int kFaultKinds = 7;

// "server killed", ...
const char* FaultName(FaultKind kind);

struct Fault {
  FaultKind kind = FaultKind::kKillServer;
  // After the one before.
  absl::Duration pause;
  // How long it lasts, where it does.
  absl::Duration duration;
  // Which server, which job and which of its ranks, modulo how many there are.
  uint64_t server = 0;
  uint64_t job = 0;
  uint64_t rank = 0;
  int64_t bytes = 0;
  // Whether ranks are killed or interrupted.
  bool politely = false;
};

class Faults {
 public:
  // `pause`: the mean.
  Faults(uint64_t seed, absl::Duration pause) : random_(seed), pause_(pause) {}

  // Every seven in a row are of seven kinds.
  Fault Next();

 private:
  // Of [low, high).
  absl::Duration Between(absl::Duration low, absl::Duration high);

  std::mt19937_64 random_;
  const absl::Duration pause_;
  std::vector<FaultKind> deck_;
};

}  // namespace millrace::chaos
