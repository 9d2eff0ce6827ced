// Whose records count, where streams went back over each other's steps.
//
// A stream covers its rank's positions of every step from its start on. One
// that was opened later supersedes it there from the later one's start on: that
// is a trainer that went back to its checkpoint, or another world size. So for
// each position the streams that own it, by step, are a staircase:
//
//   positions 0-5    |--- stream A ---|--- stream D ----...
//   positions 6-11   |--- stream B -------|--- stream E ...
//
// Nothing here reads a sample.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cli/audit_index.h"

namespace millrace::cli {

// Steps of some positions of the global batch that one stream owns.
struct AuditStair {
  uint64_t first_step = 0;
  uint64_t end_step = 0;  // UINT64_MAX: all that follow.
  // In AuditIndex::streams; kNobody before the first stream.
  size_t stream = 0;
};

inline constexpr size_t kNobody = SIZE_MAX;

// Positions that each stream of the logs covers all of, or none.
struct AuditSlice {
  uint64_t first_position = 0;
  uint64_t end_position = 0;
  std::vector<AuditStair> stairs;  // From the first step on, without a gap.
};

// What its owner did not log.
struct AuditGap {
  uint64_t first_step = 0;
  uint64_t end_step = 0;
  uint64_t first_position = 0;
  uint64_t end_position = 0;
  size_t owner = kNobody;
};

class AuditCoverage {
 public:
  // `index` must outlive this object.
  explicit AuditCoverage(const AuditIndex& index);

  // Of the epoch in which the first stream starts.
  uint64_t first_step() const { return first_step_; }
  // The first step after the last epoch that is finished: whose last step
  // somebody had. Not before first_step().
  uint64_t end_step() const { return end_step_; }

  const std::vector<AuditSlice>& slices() const { return slices_; }

  // Whether `stream` owns this slice at this step, which it covers.
  bool Owns(size_t stream, const AuditSlice& slice, uint64_t step) const;

  // Of all finished epochs; at most `most`, *total counts all.
  std::vector<AuditGap> Gaps(size_t most, uint64_t* total) const;

 private:
  void BuildStairs(AuditSlice* slice) const;
  // The step after the last one that an owner logged.
  uint64_t EndOfLogged(const AuditSlice& slice) const;

  const AuditIndex& index_;
  uint64_t first_step_ = 0;
  uint64_t end_step_ = 0;
  std::vector<AuditSlice> slices_;
};

}  // namespace millrace::cli
