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

  // Holds `batches` times `batch_bytes` until destroyed (before the budget is).
  // RESOURCE_EXHAUSTED says who holds what and what to change.
  absl::StatusOr<std::unique_ptr<Reservation>> Reserve(uint64_t batches,
                                                       uint64_t batch_bytes);

  uint64_t total_bytes() const { return total_; }
  uint64_t reserved_bytes() const;
  size_t reservations() const;

 private:
  bool TryAdd(uint64_t bytes);
  void Release(uint64_t bytes);

  const uint64_t total_;
  mutable Mutex mutex_;
  uint64_t reserved_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t reservations_ ABSL_GUARDED_BY(mutex_) = 0;
};

// One stream's share. One thread at a time.
class BatchBudget::Reservation {
 public:
  ~Reservation() { budget_->Release(bytes_); }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

  uint64_t bytes() const { return bytes_; }

  // Grows to `bytes` if the budget has room (ragged tensors can make batches
  // larger than their specs); else stays as it is.
  void GrowTo(uint64_t bytes);

 private:
  friend class BatchBudget;
  Reservation(BatchBudget* budget, uint64_t bytes)
      : budget_(budget), bytes_(bytes) {}

  BatchBudget* const budget_;
  uint64_t bytes_;
};

}  // namespace millrace
