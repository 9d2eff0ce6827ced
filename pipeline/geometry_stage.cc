#include "pipeline/geometry_stage.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace millrace {

namespace {

Rect Intersect(const Rect& a, const Rect& b) {
  const int x0 = std::max(a.x, b.x);
  const int y0 = std::max(a.y, b.y);
  const int x1 = std::min(a.x + a.width, b.x + b.width);
  const int y1 = std::min(a.y + a.height, b.y + b.height);
  if (x0 >= x1 || y0 >= y1) return {};
  return {x0, y0, x1 - x0, y1 - y0};
}

// One axis of a stage.
struct Axis {
  // Where an input coordinate lands.
  double Move(double value) const {
    const double moved =
        (value - crop) * (static_cast<double>(resized) / crop_length) - window;
    return flip ? length - moved : moved;
  }

  // The input pixel that is nearest to an output pixel; -1 if there is none.
  int Origin(int out) const {
    const int64_t resized_at = int64_t{flip ? length - 1 - out : out} + window;
    if (resized_at < 0 || resized_at >= resized) return -1;
    return static_cast<int>((2 * resized_at + 1) * crop_length /
                            (2 * int64_t{resized})) +
           crop;
  }

  std::vector<int> Origins() const {
    std::vector<int> origins(length);
    for (int i = 0; i < length; ++i) origins[i] = Origin(i);
    return origins;
  }

  int crop;
  int64_t crop_length;
  int resized;
  int window;
  int length;
  bool flip;
};

Axis Columns(const GeometryStage& stage) {
  return {stage.crop.x,   stage.crop.width,   stage.resized_width,
          stage.window.x, stage.window.width, stage.flip_horizontal};
}

Axis RowsOf(const GeometryStage& stage) {
  return {stage.crop.y,   stage.crop.height,   stage.resized_height,
          stage.window.y, stage.window.height, stage.flip_vertical};
}

}  // namespace

bool HasArea(const Corners& box) { return box.x0 < box.x1 && box.y0 < box.y1; }

Corners Cut(const Corners& box, const Rect& rect) {
  const double right = static_cast<double>(rect.x) + rect.width;
  const double bottom = static_cast<double>(rect.y) + rect.height;
  return {std::clamp<double>(box.x0, rect.x, right),
          std::clamp<double>(box.y0, rect.y, bottom),
          std::clamp<double>(box.x1, rect.x, right),
          std::clamp<double>(box.y1, rect.y, bottom)};
}

bool Touches(const Rect& rect, const Point& point) {
  return point.x >= rect.x && point.x <= rect.x + rect.width &&
         point.y >= rect.y && point.y <= rect.y + rect.height;
}

GeometryStage GeometryStage::WholeOf(const ImageSize& size) {
  GeometryStage stage;
  stage.crop = stage.window = {0, 0, size.width, size.height};
  stage.resized_width = size.width;
  stage.resized_height = size.height;
  return stage;
}

Rect GeometryStage::Covered() const { return Intersect(window, ResizedRect()); }

double GeometryStage::AreaRatioAt(const Point&) const {
  return (static_cast<double>(resized_width) * resized_height) /
         (static_cast<double>(crop.width) * crop.height);
}

std::optional<Corners> GeometryStage::Move(const Corners& box) const {
  const Corners cut = Cut(box, crop);
  const Axis x = Columns(*this);
  const Axis y = RowsOf(*this);
  Corners moved = {x.Move(cut.x0), y.Move(cut.y0), x.Move(cut.x1),
                   y.Move(cut.y1)};
  if (x.flip) std::swap(moved.x0, moved.x1);
  if (y.flip) std::swap(moved.y0, moved.y1);
  moved = Cut(moved, {0, 0, window.width, window.height});
  if (!HasArea(moved)) return std::nullopt;
  return moved;
}

std::optional<Point> GeometryStage::Move(const Point& point) const {
  if (!Touches(crop, point)) return std::nullopt;
  const Point moved = MoveUncut(point);
  if (!Touches({0, 0, window.width, window.height}, moved)) return std::nullopt;
  return moved;
}

Point GeometryStage::MoveUncut(const Point& point) const {
  return {Columns(*this).Move(point.x), RowsOf(*this).Move(point.y)};
}

std::vector<Point> GeometryStage::MoveRing(
    const std::vector<Point>& ring) const {
  std::vector<Point> moved;
  for (const Point& point : ring) moved.push_back(MoveUncut(point));
  return moved;
}

std::vector<int> GeometryStage::NearestColumns() const {
  return Columns(*this).Origins();
}

std::vector<int> GeometryStage::NearestRows() const {
  return RowsOf(*this).Origins();
}

}  // namespace millrace
