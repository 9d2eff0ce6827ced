#include "client/step_window.h"

#include <algorithm>
#include <utility>

namespace millrace::client {

StepWindow::StepWindow(uint64_t start, uint64_t end, uint32_t depth)
    : end_(end), depth_(depth), next_(start), first_to_ask_(start) {}

uint64_t StepWindow::Wanted() const {
  if (end_ == 0) return depth_;
  return std::min<uint64_t>(depth_, end_ - std::min(end_, next_));
}

std::optional<uint64_t> StepWindow::NextToAsk() {
  const uint64_t end = next_ + Wanted();
  first_to_ask_ = std::max(first_to_ask_, next_);
  for (; first_to_ask_ < end; ++first_to_ask_) {
    const size_t i = first_to_ask_ - next_;
    if (i == slots_.size()) slots_.emplace_back();
    if (!slots_[i].received && slots_[i].asked == 0) return first_to_ask_;
  }
  return std::nullopt;
}

void StepWindow::Asked(uint64_t step) { ++slots_[step - next_].asked; }

void StepWindow::Lost(uint64_t step) {
  if (step >= next_ && step - next_ < slots_.size()) {
    --slots_[step - next_].asked;
    first_to_ask_ = std::min(first_to_ask_, step);
  }
}

bool StepWindow::Misses(uint64_t step) const {
  return step >= next_ && step - next_ < slots_.size() &&
         !slots_[step - next_].received;
}

bool StepWindow::Has(uint64_t step) const {
  return step >= next_ && step - next_ < slots_.size() &&
         slots_[step - next_].received;
}

void StepWindow::Receive(ReceivedBatch batch) {
  Slot& slot = slots_[batch.step - next_];
  slot.received = true;
  slot.batch = std::move(batch);
}

bool StepWindow::ready() const {
  return !slots_.empty() && slots_.front().received;
}

ReceivedBatch StepWindow::Pop() {
  ReceivedBatch batch = std::move(slots_.front().batch);
  slots_.pop_front();
  ++next_;
  return batch;
}

bool StepWindow::all_received() const {
  if (end_ == 0) return false;
  return next_ + slots_.size() >= end_ &&
         std::all_of(slots_.begin(), slots_.end(),
                     [](const Slot& slot) { return slot.received; });
}

}  // namespace millrace::client
