#include "image/mask_runs.h"

#include <algorithm>

namespace millrace {

PixelRuns RunsOf(const RunLengthMask& mask) {
  PixelRuns runs;
  runs.reserve(mask.counts.size() / 2);
  uint32_t begin = 0;
  bool set = false;
  for (const uint32_t count : mask.counts) {
    if (set) AppendRun(begin, begin + count, &runs);
    begin += count;
    set = !set;
  }
  return runs;
}

RunLengthMask MaskOf(const PixelRuns& united, int height, int width) {
  RunLengthMask mask = {height, width, {}};
  mask.counts.reserve(2 * united.size() + 1);
  uint32_t at = 0;
  for (const PixelRun& run : united) {
    mask.counts.push_back(run.begin - at);
    mask.counts.push_back(run.end - run.begin);
    at = run.end;
  }
  const auto end = static_cast<uint32_t>(int64_t{height} * width);
  if (at < end) mask.counts.push_back(end - at);
  return mask;
}

Rect BoundsOf(const PixelRuns& united, int height) {
  if (united.empty()) return {};
  const auto column = [height](uint32_t pixel) {
    return static_cast<int>(pixel / static_cast<uint32_t>(height));
  };
  const int left = column(united.front().begin);
  const int right = column(united.back().end - 1);
  int top = height;
  int bottom = 0;
  for (const PixelRun& run : united) {
    const int x = column(run.begin);
    const int y = static_cast<int>(run.begin) - x * height;
    const auto length = static_cast<int>(run.end - run.begin);
    const bool goes_on = length > height - y;
    top = std::min(top, goes_on ? 0 : y);
    bottom = std::max(bottom, goes_on ? height : y + length);
  }
  return {left, top, right - left + 1, bottom - top};
}

void Unite(PixelRuns* runs) {
  const auto before = [](const PixelRun& a, const PixelRun& b) {
    return a.begin < b.begin;
  };
  if (!std::is_sorted(runs->begin(), runs->end(), before)) {
    std::sort(runs->begin(), runs->end(), before);
  }
  size_t kept = 0;
  for (const PixelRun run : *runs) {
    if (run.begin >= run.end) continue;
    if (kept > 0 && run.begin <= (*runs)[kept - 1].end) {
      uint32_t& end = (*runs)[kept - 1].end;
      end = std::max(end, run.end);
    } else {
      (*runs)[kept++] = run;
    }
  }
  runs->resize(kept);
}

bool RunLookup::Contains(uint32_t pixel) {
  const bool near = (next_ == 0 || runs_[next_ - 1].end <= pixel) &&
                    (next_ == runs_.size() || pixel < runs_[next_].end);
  if (!near) {
    const auto next = std::upper_bound(
        runs_.begin(), runs_.end(), pixel,
        [](uint32_t at, const PixelRun& run) { return at < run.end; });
    next_ = static_cast<size_t>(next - runs_.begin());
  }
  return next_ < runs_.size() && runs_[next_].begin <= pixel;
}

}  // namespace millrace
