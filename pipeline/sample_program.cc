#include "pipeline/sample_program.h"

#include <numeric>
#include <utility>

namespace millrace {

namespace {

bool Contains(const Rect& outer, const Rect& inner) {
  return inner.x >= outer.x && inner.y >= outer.y &&
         inner.x + inner.width <= outer.x + outer.width &&
         inner.y + inner.height <= outer.y + outer.height;
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

// Puts what each of `sources` points at in its place.
void Follow(const std::vector<int>& origins, std::vector<int>* sources) {
  for (int& source : *sources) {
    if (source >= 0) source = origins[source];
  }
}

std::vector<int> Identity(int length) {
  std::vector<int> values(length);
  std::iota(values.begin(), values.end(), 0);
  return values;
}

}  // namespace

SampleProgram::SampleProgram(const ImageSize& size, std::vector<Corners> boxes)
    : size_(size), boxes_(std::move(boxes)), dropped_(boxes_.size()) {
  BeginStage();
}

GeometryStage* SampleProgram::BeginStage() {
  steps_.emplace_back(GeometryStage::WholeOf(size_));
  return &std::get<GeometryStage>(steps_.back());
}

GeometryStage* SampleProgram::LastStage() {
  auto* stage = std::get_if<GeometryStage>(&steps_.back());
  return stage == nullptr ? BeginStage() : stage;
}

void SampleProgram::Resize(const ImageSize& size, Interpolation interpolation) {
  if (size == size_) return;
  GeometryStage* stage = LastStage();
  if (stage->resized || stage->flip_horizontal || stage->flip_vertical ||
      stage->window != stage->ResizedRect()) {
    stage = BeginStage();
  }
  stage->resized_width = size.width;
  stage->resized_height = size.height;
  stage->resized = true;
  stage->interpolation = interpolation;
  stage->window = {0, 0, size.width, size.height};
  size_ = size;
}

void SampleProgram::Crop(const Rect& rect) {
  GeometryStage* stage = LastStage();
  // A crop that reaches beyond what a narrower one has left must not bring
  // pixels back.
  const bool narrows = Contains({0, 0, width(), height()}, rect);
  if (!narrows && !Contains(stage->window, stage->ResizedRect())) {
    stage = BeginStage();
  }
  const int x = stage->flip_horizontal ? width() - rect.x - rect.width : rect.x;
  const int y = stage->flip_vertical ? height() - rect.y - rect.height : rect.y;
  stage->window = {stage->window.x + x, stage->window.y + y, rect.width,
                   rect.height};
  size_ = stage->size();
  TurnWindowIntoCrop(stage);
}

void SampleProgram::FlipHorizontal() { LastStage()->flip_horizontal ^= true; }

void SampleProgram::FlipVertical() { LastStage()->flip_vertical ^= true; }

bool SampleProgram::mirrored() const {
  bool mirrored = false;
  for (const Step& step : steps_) {
    if (const auto* stage = std::get_if<GeometryStage>(&step)) {
      mirrored ^= stage->flip_horizontal ^ stage->flip_vertical;
    }
  }
  return mirrored;
}

double SampleProgram::area_ratio() const {
  double ratio = 1;
  for (const Step& step : steps_) {
    if (const auto* stage = std::get_if<GeometryStage>(&step)) {
      ratio *= stage->area_ratio();
    }
  }
  return ratio;
}

std::optional<Corners> SampleProgram::Move(const Corners& box) const {
  std::optional<Corners> moved = box;
  for (const Step& step : steps_) {
    if (const auto* stage = std::get_if<GeometryStage>(&step)) {
      moved = stage->Move(*moved);
    }
    if (!moved) return std::nullopt;
  }
  return moved;
}

std::optional<Point> SampleProgram::Move(const Point& point) const {
  std::optional<Point> moved = point;
  for (const Step& step : steps_) {
    if (const auto* stage = std::get_if<GeometryStage>(&step)) {
      moved = stage->Move(*moved);
    }
    if (!moved) return std::nullopt;
  }
  return moved;
}

Point SampleProgram::MoveUncut(Point point) const {
  for (const Step& step : steps_) {
    if (const auto* stage = std::get_if<GeometryStage>(&step)) {
      point = stage->MoveUncut(point);
    }
  }
  return point;
}

SampleProgram::Sources SampleProgram::NearestSources() const {
  Sources sources = {Identity(width()), Identity(height())};
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    if (const auto* stage = std::get_if<GeometryStage>(&*step)) {
      Follow(stage->NearestColumns(), &sources.columns);
      Follow(stage->NearestRows(), &sources.rows);
    }
  }
  return sources;
}

std::vector<std::optional<Corners>> SampleProgram::Boxes() const {
  std::vector<std::optional<Corners>> moved;
  for (size_t i = 0; i < boxes_.size(); ++i) {
    moved.push_back(dropped_[i] ? std::nullopt : Move(boxes_[i]));
  }
  return moved;
}

}  // namespace millrace
