// How much memory batches may take, over all streams.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"

namespace millrace {

// Thread-safe. Accounts only: allocates nothing.
class BatchBudget {
 public:
  class Reservation;

  explicit BatchBudget(uint64_t total_bytes) : total_(total_bytes) {}

  // Holds `batch_bytes` times as many batches as there is room for, at most
  // `most`, until destroyed (before the budget is). `least` is at least 1, and
  // counts as 1 if so many would never fit. RESOURCE_EXHAUSTED if there is no
  // room for `least`; says who holds what and what to change. INVALID_ARGUMENT:
  // not even one would ever fit.
  absl::StatusOr<std::unique_ptr<Reservation>> Reserve(uint64_t least,
                                                       uint64_t most,
                                                       uint64_t batch_bytes);

  uint64_t total_bytes() const { return total_; }
  uint64_t reserved_bytes() const;
  size_t reservations() const;

 private:
  void Release(uint64_t bytes);

  const uint64_t total_;
  mutable Mutex mutex_;
  uint64_t reserved_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t reservations_ ABSL_GUARDED_BY(mutex_) = 0;
};

// One stream's share.
class BatchBudget::Reservation {
 public:
  ~Reservation() { budget_->Release(bytes_); }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

  uint64_t batches() const { return batches_; }
  uint64_t bytes() const { return bytes_; }

 private:
  friend class BatchBudget;
  Reservation(BatchBudget* budget, uint64_t batches, uint64_t bytes)
      : budget_(budget), batches_(batches), bytes_(bytes) {}

  BatchBudget* const budget_;
  const uint64_t batches_;
  const uint64_t bytes_;
};

}  // namespace millrace
