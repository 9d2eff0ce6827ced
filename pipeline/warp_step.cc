#include "pipeline/warp_step.h"

#include <algorithm>
#include <cmath>

#include "pipeline/geometry_stage.h"

namespace millrace {

namespace {

// Nearer to the horizon than this is beyond it.
constexpr double kHorizon = 1e-9;

Rect RectOf(const ImageSize& size) { return {0, 0, size.width, size.height}; }

Corners HullOf(const std::vector<Point>& points) {
  Corners hull = {points[0].x, points[0].y, points[0].x, points[0].y};
  for (const Point& point : points) {
    hull = {std::min(hull.x0, point.x), std::min(hull.y0, point.y),
            std::max(hull.x1, point.x), std::max(hull.y1, point.y)};
  }
  return hull;
}

// Where the edge from a to b meets w = kHorizon.
ProjectiveMap::Result AtHorizon(const ProjectiveMap::Result& a,
                                const ProjectiveMap::Result& b) {
  const double share = (kHorizon - a.w) / (b.w - a.w);
  return {a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share, kHorizon};
}

}  // namespace

std::optional<WarpStep> WarpStep::Create(const ImageSize& input,
                                         const ImageSize& output,
                                         const WarpSpec& spec) {
  const auto to_output = spec.to_input.Inverse();
  if (!to_output) return std::nullopt;
  return WarpStep(input, output, spec, *to_output);
}

std::optional<Corners> WarpStep::Move(const Corners& box) const {
  const Corners cut = Cut(box, RectOf(input_));
  if (!HasArea(cut)) return std::nullopt;
  const std::vector<Point> ring = MoveRing(
      {{cut.x0, cut.y0}, {cut.x1, cut.y0}, {cut.x1, cut.y1}, {cut.x0, cut.y1}});
  if (ring.empty()) return std::nullopt;
  const Corners moved = Cut(HullOf(ring), RectOf(output_));
  if (!HasArea(moved)) return std::nullopt;
  return moved;
}

std::optional<Point> WarpStep::Move(const Point& point) const {
  if (!Touches(RectOf(input_), point)) return std::nullopt;
  const auto at = to_output_.Apply(point.x, point.y);
  if (at.w < kHorizon) return std::nullopt;
  const Point moved = MoveUncut(point);
  if (!Touches(RectOf(output_), moved)) return std::nullopt;
  return moved;
}

std::vector<Point> WarpStep::MoveRing(const std::vector<Point>& ring) const {
  std::vector<Point> moved;
  const auto add = [&](const ProjectiveMap::Result& at) {
    moved.push_back({at.x / at.w, at.y / at.w});
  };
  for (size_t i = 0; i < ring.size(); ++i) {
    const Point& next = ring[(i + 1) % ring.size()];
    const auto from = to_output_.Apply(ring[i].x, ring[i].y);
    const auto to = to_output_.Apply(next.x, next.y);
    if (from.w >= kHorizon) add(from);
    if ((from.w >= kHorizon) != (to.w >= kHorizon)) add(AtHorizon(from, to));
  }
  return moved;
}

Point WarpStep::MoveUncut(const Point& point) const {
  const auto at = to_output_.Apply(point.x, point.y);
  return {at.x / at.w, at.y / at.w};
}

// The Jacobian of a projective map is its determinant over w cubed.
double WarpStep::AreaRatioAt(const Point& point) const {
  const double w = to_output_.Apply(point.x, point.y).w;
  return std::abs(to_output_.Determinant() / (w * w * w));
}

// What is linear is least at a corner.
bool WarpStep::ShowsBeyondHorizon() const {
  const auto is_beyond = [this](double x, double y) {
    return spec_.to_input.Apply(x, y).w < kHorizon;
  };
  const double x = output_.width;
  const double y = output_.height;
  return is_beyond(0, 0) || is_beyond(x, 0) || is_beyond(0, y) ||
         is_beyond(x, y);
}

PixelPlace WarpStep::SourceOf(const PixelPlace& out) const {
  const auto at = spec_.to_input.Apply(out.x + 0.5, out.y + 0.5);
  const double x = at.x / at.w;
  const double y = at.y / at.w;
  if (!(x >= 0 && x < input_.width && y >= 0 && y < input_.height)) return {};
  return {static_cast<int>(x), static_cast<int>(y)};
}

}  // namespace millrace
