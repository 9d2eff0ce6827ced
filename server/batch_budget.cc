#include "server/batch_budget.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace millrace {

namespace {

std::string Mebibytes(uint64_t bytes) {
  return absl::StrFormat("%.1f MiB", static_cast<double>(bytes) / (1 << 20));
}

}  // namespace

absl::StatusOr<std::unique_ptr<BatchBudget::Reservation>> BatchBudget::Reserve(
    uint64_t least, uint64_t most, uint64_t batch_bytes) {
  if (batch_bytes > total_) {
    return absl::InvalidArgumentError(absl::StrCat(
        "one batch may take ", Mebibytes(batch_bytes), ", and all streams ",
        "together ", Mebibytes(total_),
        " (limits.batch_memory_bytes): use a smaller batch, more ranks, "
        "smaller images or UINT8"));
  }
  if (batch_bytes > total_ / least) least = 1;
  MutexLock lock(&mutex_);
  const uint64_t room =
      (total_ - reserved_) / std::max<uint64_t>(batch_bytes, 1);
  const uint64_t batches = std::min(most, room);
  if (batches < least) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "this stream needs ", Mebibytes(least * batch_bytes),
        " of batch memory (", least, " batches of ", Mebibytes(batch_bytes),
        "), and ", reservations_, " open streams hold ", Mebibytes(reserved_),
        " of the ", Mebibytes(total_),
        " of limits.batch_memory_bytes: raise it, lower "
        "limits.max_batches_ahead (or, for masks, "
        "plan_limits.max_ragged_bytes), make the batch smaller, or use another "
        "server"));
  }
  const uint64_t bytes = batches * batch_bytes;
  reserved_ += bytes;
  ++reservations_;
  return std::unique_ptr<Reservation>(new Reservation(this, batches, bytes));
}

uint64_t BatchBudget::reserved_bytes() const {
  MutexLock lock(&mutex_);
  return reserved_;
}

size_t BatchBudget::reservations() const {
  MutexLock lock(&mutex_);
  return reservations_;
}

void BatchBudget::Release(uint64_t bytes) {
  MutexLock lock(&mutex_);
  reserved_ -= bytes;
  --reservations_;
}

}  // namespace millrace
