#include "pipeline/geometry.h"

#include <algorithm>

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

bool Contains(const Rect& outer, const Rect& inner) {
  return Intersect(outer, inner) == inner;
}

GeometryStage WholeOf(int width, int height) {
  GeometryStage stage;
  stage.crop = stage.window = {0, 0, width, height};
  stage.resized_width = width;
  stage.resized_height = height;
  return stage;
}

Rect ResizedRect(const GeometryStage& stage) {
  return {0, 0, stage.resized_width, stage.resized_height};
}

// Without a resize, a window is a crop wherever it has pixels.
void TurnWindowIntoCrop(GeometryStage* stage) {
  const Rect covered = stage->Covered();
  if (stage->resized || covered.width == 0) return;
  stage->crop = {stage->crop.x + covered.x, stage->crop.y + covered.y,
                 covered.width, covered.height};
  stage->resized_width = covered.width;
  stage->resized_height = covered.height;
  stage->window.x -= covered.x;
  stage->window.y -= covered.y;
}

// One axis of one stage, continuous coordinates.
struct AxisMove {
  double Apply(double value) const {
    const double moved = (value - crop) * scale - window;
    return flip ? length - moved : moved;
  }
  double crop;
  double scale;
  double window;
  double length;
  bool flip;
};

AxisMove MoveX(const GeometryStage& stage) {
  return {static_cast<double>(stage.crop.x),
          static_cast<double>(stage.resized_width) / stage.crop.width,
          static_cast<double>(stage.window.x),
          static_cast<double>(stage.window.width), stage.flip};
}

AxisMove MoveY(const GeometryStage& stage) {
  return {static_cast<double>(stage.crop.y),
          static_cast<double>(stage.resized_height) / stage.crop.height,
          static_cast<double>(stage.window.y),
          static_cast<double>(stage.window.height), false};
}

Corners Cut(const Corners& box, const Rect& rect) {
  const double right = static_cast<double>(rect.x) + rect.width;
  const double bottom = static_cast<double>(rect.y) + rect.height;
  return {std::clamp<double>(box.x0, rect.x, right),
          std::clamp<double>(box.y0, rect.y, bottom),
          std::clamp<double>(box.x1, rect.x, right),
          std::clamp<double>(box.y1, rect.y, bottom)};
}

bool HasArea(const Corners& box) { return box.x0 < box.x1 && box.y0 < box.y1; }

bool Touches(const Rect& rect, const Point& point) {
  return point.x >= rect.x && point.x <= rect.x + rect.width &&
         point.y >= rect.y && point.y <= rect.y + rect.height;
}

Point MoveThrough(const GeometryStage& stage, const Point& point) {
  return {MoveX(stage).Apply(point.x), MoveY(stage).Apply(point.y)};
}

// Follows `count` output positions of one axis back through one stage.
struct AxisOrigin {
  int Of(int out) const {
    const int64_t resized_at = int64_t{flip ? length - 1 - out : out} + window;
    if (resized_at < 0 || resized_at >= resized) return -1;
    return static_cast<int>((2 * resized_at + 1) * crop_length /
                            (2 * int64_t{resized})) +
           crop;
  }
  int crop;
  int64_t crop_length;
  int resized;
  int window;
  int length;
  bool flip;
};

AxisOrigin OriginX(const GeometryStage& stage) {
  return {stage.crop.x,   stage.crop.width,   stage.resized_width,
          stage.window.x, stage.window.width, stage.flip};
}

AxisOrigin OriginY(const GeometryStage& stage) {
  return {stage.crop.y,   stage.crop.height,   stage.resized_height,
          stage.window.y, stage.window.height, false};
}

void Follow(const AxisOrigin& origin, std::vector<int>* sources) {
  for (int& source : *sources) {
    if (source >= 0) source = origin.Of(source);
  }
}

std::vector<int> Identity(int length) {
  std::vector<int> values(length);
  for (int i = 0; i < length; ++i) values[i] = i;
  return values;
}

}  // namespace

Rect GeometryStage::Covered() const {
  return Intersect(window, ResizedRect(*this));
}

Geometry::Geometry(int width, int height) {
  stages_.push_back(WholeOf(width, height));
}

void Geometry::BeginStage() { stages_.push_back(WholeOf(width(), height())); }

void Geometry::Resize(int width, int height, Interpolation interpolation) {
  if (width == this->width() && height == this->height()) return;
  const GeometryStage& last = stages_.back();
  if (last.resized || last.flip || last.window != ResizedRect(last)) {
    BeginStage();
  }
  GeometryStage& stage = stages_.back();
  stage.resized_width = width;
  stage.resized_height = height;
  stage.resized = true;
  stage.interpolation = interpolation;
  stage.window = {0, 0, width, height};
}

void Geometry::Crop(const Rect& rect) {
  // A crop that reaches beyond what a narrower one has left must not bring
  // pixels back.
  const bool narrows = Contains({0, 0, width(), height()}, rect);
  if (!narrows && !Contains(stages_.back().window, ResizedRect(stages_.back())))
    BeginStage();
  GeometryStage& stage = stages_.back();
  const int x = stage.flip ? width() - rect.x - rect.width : rect.x;
  stage.window = {stage.window.x + x, stage.window.y + rect.y, rect.width,
                  rect.height};
  TurnWindowIntoCrop(&stage);
}

void Geometry::FlipHorizontal() { stages_.back().flip ^= true; }

bool Geometry::mirrored() const {
  bool mirrored = false;
  for (const GeometryStage& stage : stages_) mirrored ^= stage.flip;
  return mirrored;
}

double Geometry::area_ratio() const {
  double ratio = 1;
  for (const GeometryStage& stage : stages_) {
    ratio = ratio *
            (static_cast<double>(stage.resized_width) * stage.resized_height) /
            (static_cast<double>(stage.crop.width) * stage.crop.height);
  }
  return ratio;
}

std::optional<Corners> Geometry::Move(const Corners& box) const {
  Corners moved = box;
  for (const GeometryStage& stage : stages_) {
    moved = Cut(moved, stage.crop);
    const AxisMove x = MoveX(stage);
    const AxisMove y = MoveY(stage);
    moved = {x.Apply(moved.x0), y.Apply(moved.y0), x.Apply(moved.x1),
             y.Apply(moved.y1)};
    if (stage.flip) std::swap(moved.x0, moved.x1);
    moved = Cut(moved, {0, 0, stage.window.width, stage.window.height});
    if (!HasArea(moved)) return std::nullopt;
  }
  return moved;
}

std::optional<Point> Geometry::Move(const Point& point) const {
  Point moved = point;
  for (const GeometryStage& stage : stages_) {
    if (!Touches(stage.crop, moved)) return std::nullopt;
    moved = MoveThrough(stage, moved);
    const Rect output = {0, 0, stage.window.width, stage.window.height};
    if (!Touches(output, moved)) return std::nullopt;
  }
  return moved;
}

Point Geometry::MoveUncut(Point point) const {
  for (const GeometryStage& stage : stages_) point = MoveThrough(stage, point);
  return point;
}

Geometry::Sources Geometry::NearestSources() const {
  Sources sources = {Identity(width()), Identity(height())};
  for (auto stage = stages_.rbegin(); stage != stages_.rend(); ++stage) {
    Follow(OriginX(*stage), &sources.columns);
    Follow(OriginY(*stage), &sources.rows);
  }
  return sources;
}

}  // namespace millrace
