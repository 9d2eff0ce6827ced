#include "cli/audit_coverage.h"

#include <algorithm>
#include <set>

namespace millrace::cli {

namespace {

bool Covers(const AuditStream& stream, const AuditSlice& slice) {
  return stream.first_position() <= slice.first_position &&
         slice.end_position <= stream.end_position();
}

// The first record of a step >= `step`.
std::vector<AuditRecord>::const_iterator From(const AuditStream& stream,
                                              uint64_t step) {
  return std::lower_bound(
      stream.records.begin(), stream.records.end(), step,
      [](const AuditRecord& record, uint64_t s) { return record.step < s; });
}

// Calls gap(first, end) for each run of steps in [first, end) that the stream
// did not log.
template <typename Gap>
void ForEachGap(const AuditStream& stream, uint64_t first, uint64_t end,
                const Gap& gap) {
  for (auto record = From(stream, first); first < end; ++record) {
    const bool none = record == stream.records.end() || record->step >= end;
    const uint64_t next = none ? end : record->step;
    if (next > first) gap(first, next);
    first = next + 1;
    if (none) return;
  }
}

}  // namespace

AuditCoverage::AuditCoverage(const AuditIndex& index) : index_(index) {
  std::set<uint64_t> edges;
  first_step_ = UINT64_MAX;
  for (const AuditStream& stream : index.streams) {
    edges.insert(stream.first_position());
    edges.insert(stream.end_position());
    first_step_ = std::min(first_step_, stream.open.start_step);
  }
  edges.insert(0);
  edges.insert(index.global_batch);
  first_step_ -= first_step_ % index.steps_per_epoch;
  end_step_ = first_step_;
  for (auto edge = edges.begin(); std::next(edge) != edges.end(); ++edge) {
    AuditSlice& slice = slices_.emplace_back();
    slice.first_position = *edge;
    slice.end_position = *std::next(edge);
    BuildStairs(&slice);
    const uint64_t logged = EndOfLogged(slice);
    end_step_ = std::max(end_step_, logged - logged % index.steps_per_epoch);
  }
}

void AuditCoverage::BuildStairs(AuditSlice* slice) const {
  // From the last stream back: each owns what no later one does.
  uint64_t end = UINT64_MAX;
  for (size_t i = index_.streams.size(); i-- > 0;) {
    const AuditStream& stream = index_.streams[i];
    if (stream.open.start_step >= end || !Covers(stream, *slice)) continue;
    slice->stairs.push_back({stream.open.start_step, end, i});
    end = stream.open.start_step;
  }
  if (end > first_step_) slice->stairs.push_back({first_step_, end, kNobody});
  std::reverse(slice->stairs.begin(), slice->stairs.end());
}

uint64_t AuditCoverage::EndOfLogged(const AuditSlice& slice) const {
  uint64_t end = first_step_;
  for (const AuditStair& stair : slice.stairs) {
    if (stair.stream == kNobody) continue;
    const AuditStream& stream = index_.streams[stair.stream];
    const auto next = From(stream, stair.end_step);
    if (next != stream.records.begin()) {
      end = std::max(end, std::prev(next)->step + 1);
    }
  }
  return end;
}

bool AuditCoverage::Owns(size_t stream, const AuditSlice& slice,
                         uint64_t step) const {
  const auto above = std::upper_bound(
      slice.stairs.begin(), slice.stairs.end(), step,
      [](uint64_t s, const AuditStair& stair) { return s < stair.first_step; });
  return above != slice.stairs.begin() && std::prev(above)->stream == stream;
}

std::vector<AuditGap> AuditCoverage::Gaps(size_t most, uint64_t* total) const {
  std::vector<AuditGap> gaps;
  *total = 0;
  for (const AuditSlice& slice : slices_) {
    for (const AuditStair& stair : slice.stairs) {
      const uint64_t end = std::min(stair.end_step, end_step_);
      const auto add = [&](uint64_t first, uint64_t last) {
        // The next slice of one owner continues the gap of the one before.
        for (AuditGap& gap : gaps) {
          if (gap.owner == stair.stream && gap.first_step == first &&
              gap.end_step == last &&
              gap.end_position == slice.first_position) {
            gap.end_position = slice.end_position;
            return;
          }
        }
        ++*total;
        if (gaps.size() < most) {
          gaps.push_back({first, last, slice.first_position, slice.end_position,
                          stair.stream});
        }
      };
      if (stair.first_step >= end) continue;
      if (stair.stream == kNobody) {
        add(stair.first_step, end);
      } else {
        ForEachGap(index_.streams[stair.stream], stair.first_step, end, add);
      }
    }
  }
  std::sort(gaps.begin(), gaps.end(), [](const AuditGap& a, const AuditGap& b) {
    return a.first_step < b.first_step;
  });
  return gaps;
}

}  // namespace millrace::cli
