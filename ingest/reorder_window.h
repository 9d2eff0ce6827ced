// Hands out items to workers and takes their results back in order.
//
//   workers: Claim() -> item ... Put(item, result)     sequencer: Take()
//
// A worker may run ahead of the slowest item by so many items, and finished
// results may hold so many bytes: Claim() waits. The item that the sequencer
// waits for can always be claimed, so nothing gets stuck whatever the limits.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"

namespace millrace {

// Thread-safe; one sequencer.
template <typename Result>
class ReorderWindow {
 public:
  ReorderWindow(uint64_t items, uint64_t max_items, uint64_t max_bytes)
      : items_(items), max_items_(max_items), max_bytes_(max_bytes) {}

  // The next item, in order. Empty: all are handed out, or Stop() was called.
  std::optional<uint64_t> Claim() {
    MutexLock lock(&mutex_);
    while (!stopped_ && claimed_ < items_ && !MayRunAhead()) {
      room_.Wait(&mutex_);
    }
    if (stopped_ || claimed_ == items_) return std::nullopt;
    slots_.emplace_back();
    return claimed_++;
  }

  // The result of a claimed item; `bytes` is what it holds.
  void Put(uint64_t item, Result result, uint64_t bytes) {
    MutexLock lock(&mutex_);
    if (stopped_) return;
    slots_[item - taken_] = {std::move(result), bytes};
    bytes_ += bytes;
    if (item == taken_) ready_.NotifyOne();
  }

  // The result of the next item in order; waits for it. Empty: all are taken.
  std::optional<Result> Take() {
    MutexLock lock(&mutex_);
    if (taken_ == items_) return std::nullopt;
    while (slots_.empty() || !slots_.front().result.has_value()) {
      ready_.Wait(&mutex_);
    }
    Slot slot = std::move(slots_.front());
    slots_.pop_front();
    ++taken_;
    bytes_ -= slot.bytes;
    room_.NotifyAll();
    return std::move(slot.result);
  }

  // Lets all workers go; Take() must not be called any more.
  void Stop() {
    MutexLock lock(&mutex_);
    stopped_ = true;
    room_.NotifyAll();
  }

 private:
  struct Slot {
    std::optional<Result> result;
    uint64_t bytes = 0;
  };

  bool MayRunAhead() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (claimed_ == taken_) return true;
    return claimed_ - taken_ < max_items_ && bytes_ < max_bytes_;
  }

  const uint64_t items_;
  const uint64_t max_items_;
  const uint64_t max_bytes_;

  Mutex mutex_;
  CondVar room_;
  CondVar ready_;
  // Of the items taken_ .. claimed_ - 1.
  std::deque<Slot> slots_ ABSL_GUARDED_BY(mutex_);
  uint64_t claimed_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace millrace
