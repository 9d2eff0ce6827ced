// The steps that a client has asked for and that are not begun: ranges, so that
// asking for many costs nothing.
#pragma once

#include <cstdint>
#include <deque>

namespace millrace {

class StepQueue {
 public:
  bool empty() const { return ranges_.empty(); }

  // `count` > 0, and first + count does not overflow.
  void Add(uint64_t first, uint64_t count) {
    ranges_.push_back({first, count});
  }

  // In the order asked for. Must not be empty.
  uint64_t Pop() {
    Range& range = ranges_.front();
    const uint64_t step = range.first++;
    if (--range.count == 0) ranges_.pop_front();
    return step;
  }

  void Clear() { ranges_.clear(); }

 private:
  struct Range {
    uint64_t first;
    uint64_t count;
  };
  std::deque<Range> ranges_;
};

}  // namespace millrace
