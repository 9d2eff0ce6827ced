// Which steps to ask for, and the order in which they are handed out.
//
//   handed out | received | asked | to ask |  not yet wanted
//   -----------+----------+-------+--------+------------------> steps
//              ^ next()      (any mix of three)  ^ next() + depth
//
// Plain state without locks, clocks or network.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "absl/status/status.h"
#include "client/batch_stream.h"

namespace millrace::client {

struct StepRange {
  uint64_t first = 0;
  uint32_t count = 0;
};

class StepWindow {
 public:
  // Hands out [start, end), which may be empty; `end` 0 means endless.
  // `depth` > 0: steps that may be asked for and not handed out.
  StepWindow(uint64_t start, uint64_t end, uint32_t depth);

  // Steps to ask for now: the lowest ones that are neither asked for nor
  // received, at most `max_outstanding` of them asked for and not received.
  // Marks them as asked; call until absent.
  std::optional<StepRange> TakeAsk(uint32_t max_outstanding);

  // INTERNAL if the step is not asked for, or was received before.
  absl::Status CheckAsked(uint64_t step) const;

  // CheckAsked(batch.step) must hold.
  void Receive(ReceivedBatch batch);

  // The next step is here / Pop() hands it out (only if ready).
  bool ready() const;
  ReceivedBatch Pop();

  // The connection is lost: what was asked for must be asked for again.
  void ForgetAsks();

  // The step that Pop() returns next.
  uint64_t next() const { return next_; }
  // Everything was handed out.
  bool finished() const { return end_ != 0 && next_ >= end_; }
  // Nothing is left to ask for, now or later: all up to `end` is asked for.
  bool all_asked() const;
  // All up to `end` was received.
  bool all_received() const;
  // Asked for and not received.
  uint32_t outstanding() const { return outstanding_; }

 private:
  enum class State : uint8_t { kWanted, kAsked, kReceived };
  struct Slot {
    State state = State::kWanted;
    ReceivedBatch batch;
  };
  void Fill();

  uint64_t end_;
  uint32_t depth_;
  uint64_t next_;
  uint32_t outstanding_ = 0;
  // Of the steps next_, next_ + 1, ...; shorter than depth_ only at the end.
  std::deque<Slot> slots_;
};

}  // namespace millrace::client
