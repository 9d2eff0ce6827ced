#include "server/batch_budget.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace millrace {

namespace {

std::string Mebibytes(uint64_t bytes) {
  return absl::StrFormat("%.1f MiB", static_cast<double>(bytes) / (1 << 20));
}

}  // namespace

absl::StatusOr<std::unique_ptr<BatchBudget::Reservation>> BatchBudget::Reserve(
    uint64_t batches, uint64_t batch_bytes) {
  const uint64_t bytes = batches * batch_bytes;
  MutexLock lock(&mutex_);
  if (bytes > total_ - reserved_) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "this stream needs ", Mebibytes(bytes), " of batch memory (", batches,
        " batches of ", Mebibytes(batch_bytes), "), and ", reservations_,
        " open streams hold ", Mebibytes(reserved_), " of the ",
        Mebibytes(total_),
        " of limits.batch_memory_bytes: raise it, lower "
        "limits.max_batches_ahead, make the batch smaller, or use another "
        "server"));
  }
  reserved_ += bytes;
  ++reservations_;
  return std::unique_ptr<Reservation>(new Reservation(this, bytes));
}

uint64_t BatchBudget::reserved_bytes() const {
  MutexLock lock(&mutex_);
  return reserved_;
}

size_t BatchBudget::reservations() const {
  MutexLock lock(&mutex_);
  return reservations_;
}

bool BatchBudget::TryAdd(uint64_t bytes) {
  MutexLock lock(&mutex_);
  if (bytes > total_ - reserved_) return false;
  reserved_ += bytes;
  return true;
}

void BatchBudget::Release(uint64_t bytes) {
  MutexLock lock(&mutex_);
  reserved_ -= bytes;
  --reservations_;
}

void BatchBudget::Reservation::GrowTo(uint64_t bytes) {
  if (bytes > bytes_ && budget_->TryAdd(bytes - bytes_)) bytes_ = bytes;
}

}  // namespace millrace
