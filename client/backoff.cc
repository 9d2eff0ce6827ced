#include "client/backoff.h"

#include <algorithm>

namespace millrace::client {

Backoff::Backoff(absl::Duration min, absl::Duration max, uint64_t seed)
    : min_(min), max_(max), current_(min), random_(seed) {}

absl::Duration Backoff::Next() {
  const double share = std::uniform_real_distribution<>(0.5, 1.0)(random_);
  const absl::Duration wait = current_ * share;
  current_ = std::min(current_ * 2, max_);
  return wait;
}

}  // namespace millrace::client
