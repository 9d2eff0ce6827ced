#include "pipeline/mask_mover.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace millrace {

namespace {

// COCO's form of a ring, in the output.
std::vector<double> MovedRing(const v1::Polygon& polygon,
                              const SampleProgram& program,
                              const StoredFrame& frame) {
  std::vector<Point> ring;
  for (int i = 0; i + 1 < polygon.coordinates_size(); i += 2) {
    ring.push_back(frame.ToStored(
        Point{polygon.coordinates(i), polygon.coordinates(i + 1)}));
  }
  std::vector<double> moved;
  for (const Point& point : program.MoveRing(std::move(ring))) {
    moved.push_back(point.x);
    moved.push_back(point.y);
  }
  return moved;
}

// The source rows [a, b) become the output rows between landing[a] and
// landing[b]: the former is the first of them, or in a mirror the latter.
std::vector<int> LandingOf(const std::vector<int>& rows, int height) {
  std::vector<int> landing(height + 1);
  int first = 0;
  while (first < std::ssize(rows) && rows[first] < 0) ++first;
  int end = static_cast<int>(rows.size());
  while (end > first && rows[end - 1] < 0) --end;
  for (int y = first; y < end; ++y) ++landing[rows[y] + 1];
  std::partial_sum(landing.begin(), landing.end(), landing.begin());
  const bool mirrored = first < end && rows[first] > rows[end - 1];
  for (int& y : landing) y = mirrored ? end - y : first + y;
  return landing;
}

// The runs of a mask of `height` rows, where its columns and rows lie now (see
// NearestMap).
PixelRuns Pick(const PixelRuns& runs, int height,
               const std::vector<int>& columns, const std::vector<int>& rows) {
  PixelRuns picked;
  const std::vector<int> landing = LandingOf(rows, height);
  const int first = static_cast<int>(runs.front().begin) / height;
  const int last = static_cast<int>(runs.back().end - 1) / height;
  for (size_t x = 0; x < columns.size(); ++x) {
    if (columns[x] < first || columns[x] > last) continue;
    const uint32_t top = static_cast<uint32_t>(columns[x]) * height;
    const uint32_t bottom = top + height;
    auto run = std::partition_point(
        runs.begin(), runs.end(),
        [top](const PixelRun& other) { return other.end <= top; });
    for (; run != runs.end() && run->begin < bottom; ++run) {
      const auto [y0, y1] =
          std::minmax(landing[std::max(run->begin, top) - top],
                      landing[std::min(run->end, bottom) - top]);
      const auto column = static_cast<uint32_t>(x * rows.size());
      picked.push_back({column + y0, column + y1});
    }
  }
  Unite(&picked);
  return picked;
}

absl::StatusOr<PixelRuns> SourceRunsOf(const v1::RunLengths& run_lengths,
                                       const ImageSize& upright) {
  const RunLengthMask mask = {
      static_cast<int>(run_lengths.height()),
      static_cast<int>(run_lengths.width()),
      {run_lengths.counts().begin(), run_lengths.counts().end()}};
  if (mask.width == upright.width && mask.height == upright.height &&
      CheckRunLengths(mask).ok()) {
    return RunsOf(mask);
  }
  return absl::DataLossError(
      absl::StrCat("a mask's run lengths are not those of its ", upright.width,
                   " x ", upright.height, " image"));
}

// What a place where an edge crosses a column takes, and what a run does, in
// all lists that it is in; those double as they grow.
constexpr uint64_t kBytesPerCrossing = 40;
constexpr uint64_t kBytesPerRun = 40;

// At most as many columns as the edges of a ring cross.
uint64_t CrossingsOf(const std::vector<double>& ring, int width) {
  const auto column = [&](size_t i) {  // Not a number is 0.
    const double x = ring[i % ring.size()];
    return x > 0 ? std::min<double>(x, width) : 0.0;
  };
  double crossings = 0;
  for (size_t i = 0; i < ring.size(); i += 2) {
    crossings += std::abs(column(i) - column(i + 2)) + 2;
  }
  return static_cast<uint64_t>(crossings);
}

// At most how many runs become of those of a source mask. In a warp each
// second pixel may begin one.
uint64_t MovedRuns(uint64_t runs, const ImageSize& upright,
                   const SampleProgram& program, const StoredFrame& frame) {
  const uint64_t most = uint64_t{1} * program.width() *
                        ((uint64_t{1} * program.height() + 1) / 2);
  if (!frame.is_upright()) return most;
  runs += upright.width;
  for (const SampleProgram::Step& step : program.steps()) {
    if (std::holds_alternative<WarpStep>(step)) return most;
    const auto* stage = std::get_if<GeometryStage>(&step);
    if (stage == nullptr) continue;
    runs *= 1 + uint64_t{1} * stage->resized_width / stage->crop.width;
    runs = std::min(runs, most);
  }
  return runs;
}

}  // namespace

uint64_t MaskWorkingBytes(const v1::SampleMeta& meta,
                          const SampleProgram& program,
                          const StoredFrame& frame) {
  const ImageSize upright = {static_cast<int>(meta.image().width()),
                             static_cast<int>(meta.image().height())};
  uint64_t most = 0;
  for (const v1::Annotation& annotation : meta.annotations()) {
    uint64_t bytes = 0;
    if (annotation.has_run_lengths()) {
      const uint64_t counts = annotation.run_lengths().counts_size();
      bytes = 2 * sizeof(uint32_t) * counts +
              kBytesPerRun * MovedRuns(counts / 2, upright, program, frame);
    }
    for (const v1::Polygon& polygon : annotation.polygons()) {
      bytes += kBytesPerCrossing *
               CrossingsOf(MovedRing(polygon, program, frame), program.width());
    }
    most = std::max(most, bytes);
  }
  return most;
}

MaskMover::MaskMover(const SampleProgram& program, const StoredFrame& frame,
                     const ImageSize& upright)
    : program_(program), frame_(frame), upright_(upright), map_(program) {}

absl::StatusOr<RunLengthMask> MaskMover::Move(
    const v1::Annotation& annotation) const {
  PixelRuns moved;
  if (annotation.has_run_lengths()) {
    MILLRACE_ASSIGN_OR_RETURN(const PixelRuns runs,
                              SourceRunsOf(annotation.run_lengths(), upright_));
    moved = MoveRuns(runs);
  } else {
    moved = MovePolygons(annotation);
  }
  return MaskOf(moved, program_.height(), program_.width());
}

PixelRuns MaskMover::MovePolygons(const v1::Annotation& annotation) const {
  const int height = program_.height();
  PixelRuns runs;
  for (const v1::Polygon& polygon : annotation.polygons()) {
    const std::vector<double> ring = MovedRing(polygon, program_, frame_);
    if (ring.size() < 6) continue;  // Fewer than three points.
    const PixelRuns of_ring =
        RunsOf(RunLengthsOfPolygon(ring, height, program_.width()));
    runs.insert(runs.end(), of_ring.begin(), of_ring.end());
  }
  Unite(&runs);
  return WithoutPadding(runs);
}

// A polygon knows nothing of crops; where there are no pixels is no mask.
PixelRuns MaskMover::WithoutPadding(const PixelRuns& runs) const {
  const auto height = static_cast<uint32_t>(program_.height());
  if (runs.empty() || map_.Covers(BoundsOf(runs, program_.height()))) {
    return runs;
  }
  PixelRuns left;
  for (const PixelRun& run : runs) {
    for (uint32_t begin = run.begin, end = 0; begin < run.end; begin = end) {
      const auto x = static_cast<int>(begin / height);
      const auto y = static_cast<int>(begin % height);
      end = std::min(run.end, begin + height - y);
      if (map_.Covers({x, y, 1, static_cast<int>(end - begin)})) {
        AppendRun(begin, end, &left);
        continue;
      }
      for (uint32_t i = begin; i < end; ++i) {
        const auto down = static_cast<int>(i - begin);
        if (map_.SourceOf({x, y + down}).exists()) AppendRun(i, i + 1, &left);
      }
    }
  }
  return left;
}

PixelRuns MaskMover::MoveRuns(const PixelRuns& runs) const {
  if (runs.empty()) return runs;
  return map_.is_separable() && frame_.is_upright()
             ? Pick(runs, upright_.height, map_.columns(), map_.rows())
             : SearchRuns(runs);
}

PixelRuns MaskMover::SearchRuns(const PixelRuns& runs) const {
  const Rect from = BoundsOf(runs, upright_.height);
  const Rect to = program_.Reach(frame_.ToStored(
      Corners{static_cast<double>(from.x), static_cast<double>(from.y),
              static_cast<double>(from.x + from.width),
              static_cast<double>(from.y + from.height)}));
  RunLookup lookup(runs);
  const auto is_set = [&](const PixelPlace& place) {
    const PixelPlace stored = map_.SourceOf(place);
    if (!stored.exists()) return false;
    const PixelPlace source = frame_.ToUpright(stored);
    return lookup.Contains(
        static_cast<uint32_t>(source.x * upright_.height + source.y));
  };
  PixelRuns found;
  for (int x = to.x; x < to.x + to.width; ++x) {
    for (int y = to.y; y < to.y + to.height; ++y) {
      if (!is_set({x, y})) continue;
      const auto pixel = static_cast<uint32_t>(x * program_.height() + y);
      AppendRun(pixel, pixel + 1, &found);
    }
  }
  return found;
}

}  // namespace millrace
