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

#include "client/batch_stream.h"

namespace millrace::client {

class StepWindow {
 public:
  // Hands out [start, end), which may be empty; `end` 0 means endless.
  // `depth` > 0: steps that may be asked for and not handed out.
  StepWindow(uint64_t start, uint64_t end, uint32_t depth);

  // What is asked for already stays so.
  void SetDepth(uint32_t depth) { depth_ = depth; }

  // The lowest step that is wanted, neither received nor asked of anybody.
  std::optional<uint64_t> NextToAsk();

  // A wanted step was asked of one more server, or one that was asked is lost.
  void Asked(uint64_t step);
  void Lost(uint64_t step);

  // Not here and not handed out: of use if it comes now.
  bool Misses(uint64_t step) const;

  // Here and not handed out.
  bool Has(uint64_t step) const;

  // Misses(batch.step) must hold.
  void Receive(ReceivedBatch batch);

  // The next step is here / it / Pop() hands it out (only if ready).
  bool ready() const;
  const ReceivedBatch& front() const { return slots_.front().batch; }
  ReceivedBatch Pop();

  // The step that Pop() returns next.
  uint64_t next() const { return next_; }
  // Everything was handed out.
  bool finished() const { return end_ != 0 && next_ >= end_; }
  // All up to `end` was received.
  bool all_received() const;

 private:
  struct Slot {
    bool received = false;
    uint32_t asked = 0;  // Of so many servers.
    ReceivedBatch batch;
  };
  // How many steps there are to want.
  uint64_t Wanted() const;

  uint64_t end_;
  uint32_t depth_;
  uint64_t next_;
  // Of the steps next_, next_ + 1, ...; those that were ever asked for.
  std::deque<Slot> slots_;
  // Those before it are all asked for or received.
  uint64_t first_to_ask_;
};

}  // namespace millrace::client
