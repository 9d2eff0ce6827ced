// A polygon's raster, as COCO defines it.
//
// The ring's points are rounded to a grid five times finer than the pixels,
// and each edge becomes a chain of grid points, one for each step along its
// longer side. Wherever the chain passes from fine column 5x + 2 to 5x + 3, the
// middle of pixel column x, the mask toggles there, from the pixel whose middle
// lies at or below the upper of the two points. Toggles, sorted down the
// columns, are the run lengths.
//
// Edges are not walked: the one step at each column's middle is computed, so
// the cost is that of the columns crossed, however far away a point lies.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "image/mask.h"
#include "image/mask_toggles.h"

namespace millrace {
namespace {

constexpr int kFineness = 5;
// The fine column just before the middle of pixel column 0.
constexpr int64_t kBeforeMiddle = kFineness / 2;
// Coordinates beyond this are moved here: far outside of any image.
constexpr double kFarthest = 1 << 30;

struct GridPoint {
  int64_t x;
  int64_t y;
};

int64_t ToGrid(double coordinate) {
  const double fine = coordinate * kFineness + 0.5;
  if (!(fine > -kFarthest)) return static_cast<int64_t>(-kFarthest);
  return static_cast<int64_t>(std::min(fine, kFarthest));
}

// The first whole pixel whose middle is not above fine row y.
int64_t PixelRow(int64_t fine_y, int height) {
  const double y = (static_cast<double>(fine_y) + 0.5) / kFineness - 0.5;
  return static_cast<int64_t>(
      std::ceil(std::clamp(y, 0.0, static_cast<double>(height))));
}

// One edge, turned so that it ascends along its longer side.
class Edge {
 public:
  Edge(GridPoint a, GridPoint b)
      : steep_(std::abs(b.x - a.x) < std::abs(b.y - a.y)) {
    if (steep_ ? a.y > b.y : a.x > b.x) std::swap(a, b);
    from_ = a;
    to_ = b;
    slope_ = steep_ ? Ratio(b.x - a.x, b.y - a.y) : Ratio(b.y - a.y, b.x - a.x);
  }

  // The upper of the fine rows on both sides of the step from fine column
  // `column` to the next. The edge must cross it.
  int64_t RowAtCrossing(int64_t column) const {
    if (steep_) return from_.y + StepAcross(column) - 1;
    const int64_t step = column - from_.x;
    return std::min(ShortSide(from_.y, step), ShortSide(from_.y, step + 1));
  }

  int64_t min_x() const { return std::min(from_.x, to_.x); }
  int64_t max_x() const { return std::max(from_.x, to_.x); }

 private:
  static double Ratio(int64_t rise, int64_t run) {
    return run == 0 ? 0 : static_cast<double>(rise) / run;
  }

  int64_t ShortSide(int64_t start, int64_t step) const {
    return static_cast<int64_t>(start + slope_ * step + 0.5);
  }

  // The first step at which a steep edge is on the far side of the line
  // between `column` and the next: estimated, then settled in the chain's own
  // arithmetic.
  int64_t StepAcross(int64_t column) const {
    const bool rightwards = slope_ > 0;
    const auto across = [&](int64_t step) {
      return (ShortSide(from_.x, step) > column) == rightwards;
    };
    int64_t step = static_cast<int64_t>((column + 0.5 - from_.x) / slope_);
    step = std::clamp<int64_t>(step, 1, to_.y - from_.y);
    while (step > 1 && across(step - 1)) --step;
    while (!across(step)) ++step;
    return step;
  }

  bool steep_;
  GridPoint from_;
  GridPoint to_;
  double slope_;
};

// Appends the pixels, counted down the columns, at which the edge toggles.
void AppendToggles(const Edge& edge, int height, int width,
                   std::vector<uint32_t>* toggles) {
  const int64_t first = std::max<int64_t>(
      0, (edge.min_x() - kBeforeMiddle + kFineness - 1) / kFineness);
  for (int64_t x = first; x < width; ++x) {
    const int64_t column = x * kFineness + kBeforeMiddle;
    if (column >= edge.max_x()) break;
    const int64_t y = PixelRow(edge.RowAtCrossing(column), height);
    toggles->push_back(static_cast<uint32_t>(x * height + y));
  }
}

}  // namespace

RunLengthMask RunLengthsOfPolygon(absl::Span<const double> coordinates,
                                  int height, int width) {
  std::vector<GridPoint> ring(coordinates.size() / 2);
  for (size_t i = 0; i < ring.size(); ++i) {
    ring[i] = {ToGrid(coordinates[2 * i]), ToGrid(coordinates[2 * i + 1])};
  }
  std::vector<uint32_t> toggles;
  for (size_t i = 0; i < ring.size(); ++i) {
    AppendToggles(Edge(ring[i], ring[(i + 1) % ring.size()]), height, width,
                  &toggles);
  }
  return MaskBetween(std::move(toggles), height, width);
}

}  // namespace millrace
