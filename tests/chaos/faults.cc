#include "tests/chaos/faults.h"

#include <utility>

namespace millrace::chaos {

const char* FaultName(FaultKind kind) {
  static constexpr std::array<const char*, kFaultKinds> kNames = {
      "server killed",        "server stopped for a while",
      "connections cut",      "network frozen for a while",
      "cut after some bytes", "rank killed",
      "world resized"};
  return kNames[static_cast<int>(kind)];
}

absl::Duration Faults::Between(absl::Duration low, absl::Duration high) {
  // Not std::uniform_real_distribution, which differs between libraries.
  const double share = static_cast<double>(random_() >> 11) * 0x1p-53;
  return low + (high - low) * share;
}

Fault Faults::Next() {
  if (deck_.empty()) {
    for (int i = 0; i < kFaultKinds; ++i) {
      deck_.push_back(static_cast<FaultKind>(i));
      std::swap(deck_.back(), deck_[random_() % deck_.size()]);
    }
  }
  Fault fault;
  fault.kind = deck_.back();
  deck_.pop_back();
  fault.pause = Between(pause_ * 0.2, pause_ * 1.8);
  fault.duration = Between(absl::Seconds(0.1), absl::Seconds(3));
  fault.server = random_();
  fault.job = random_();
  fault.rank = random_();
  // From within a message's head to some batches.
  fault.bytes = int64_t{1} << (4 + random_() % 19);
  fault.bytes += static_cast<int64_t>(random_() % fault.bytes);
  fault.politely = random_() % 2 == 0;
  return fault;
}

}  // namespace millrace::chaos
