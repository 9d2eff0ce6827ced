// Waiting times between attempts: doubling from a minimum to a maximum, each
// shortened by a random part of up to one half, so that many trainers do not
// return to a restarted server at the same moment.
#pragma once

#include <cstdint>
#include <random>

#include "absl/time/time.h"

namespace millrace::client {

class Backoff {
 public:
  Backoff(absl::Duration min, absl::Duration max, uint64_t seed);

  // How long to wait before the next attempt.
  absl::Duration Next();

  // The last attempt got somewhere: start again from the minimum.
  void Reset() { current_ = min_; }

 private:
  const absl::Duration min_;
  const absl::Duration max_;
  absl::Duration current_;
  std::mt19937_64 random_;
};

}  // namespace millrace::client
