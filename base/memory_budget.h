// Bytes that several threads share: who wants more than is left waits.
#pragma once

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/cleanup/cleanup.h"
#include "base/mutex.h"

namespace millrace {

// Thread-safe. A request for more than everything gets everything, so it runs
// alone.
class MemoryBudget {
 public:
  explicit MemoryBudget(uint64_t bytes) : total_(bytes), left_(bytes) {}

  // Waits, and gives the bytes back when the result is destroyed.
  [[nodiscard]] auto Reserve(uint64_t bytes) {
    const uint64_t share = bytes < total_ ? bytes : total_;
    MutexLock lock(&mutex_);
    while (left_ < share) returned_.Wait(&mutex_);
    left_ -= share;
    return absl::Cleanup([this, share] {
      MutexLock relock(&mutex_);
      left_ += share;
      returned_.NotifyAll();
    });
  }

 private:
  const uint64_t total_;
  Mutex mutex_;
  CondVar returned_;
  uint64_t left_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace millrace
