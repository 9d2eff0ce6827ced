#include "client/step_window.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace millrace::client {

StepWindow::StepWindow(uint64_t start, uint64_t end, uint32_t depth)
    : end_(end), depth_(depth), next_(start) {
  Fill();
}

void StepWindow::Fill() {
  while (slots_.size() < depth_ &&
         (end_ == 0 || next_ + slots_.size() < end_)) {
    slots_.emplace_back();
  }
}

std::optional<StepRange> StepWindow::TakeAsk(uint32_t max_outstanding) {
  size_t i = 0;
  while (i < slots_.size() && slots_[i].state != State::kWanted) ++i;
  StepRange range{.first = next_ + i};
  for (; i < slots_.size() && slots_[i].state == State::kWanted &&
         outstanding_ < max_outstanding;
       ++i) {
    slots_[i].state = State::kAsked;
    ++range.count;
    ++outstanding_;
  }
  if (range.count == 0) return std::nullopt;
  return range;
}

absl::Status StepWindow::CheckAsked(uint64_t step) const {
  const bool inside = step >= next_ && step - next_ < slots_.size();
  const State state = inside ? slots_[step - next_].state : State::kWanted;
  if (state == State::kAsked) return absl::OkStatus();
  const bool twice = step < next_ || state == State::kReceived;
  return absl::InternalError(
      absl::StrCat("the server sent step ", step,
                   twice ? " again" : ", which was not asked for"));
}

void StepWindow::Receive(ReceivedBatch batch) {
  Slot& slot = slots_[batch.step - next_];
  slot.state = State::kReceived;
  slot.batch = std::move(batch);
  --outstanding_;
}

bool StepWindow::ready() const {
  return !slots_.empty() && slots_.front().state == State::kReceived;
}

ReceivedBatch StepWindow::Pop() {
  ReceivedBatch batch = std::move(slots_.front().batch);
  slots_.pop_front();
  ++next_;
  Fill();
  return batch;
}

void StepWindow::ForgetAsks() {
  for (Slot& slot : slots_) {
    if (slot.state == State::kAsked) slot.state = State::kWanted;
  }
  outstanding_ = 0;
}

bool StepWindow::all_asked() const {
  return end_ != 0 && next_ + slots_.size() >= end_ &&
         std::none_of(slots_.begin(), slots_.end(), [](const Slot& slot) {
           return slot.state == State::kWanted;
         });
}

bool StepWindow::all_received() const {
  return all_asked() && outstanding_ == 0;
}

}  // namespace millrace::client
