#include "pipeline/sample_program.h"

#include <utility>

namespace millrace {

namespace {

bool Contains(const Rect& outer, const Rect& inner) {
  return inner.x >= outer.x && inner.y >= outer.y &&
         inner.x + inner.width <= outer.x + outer.width &&
         inner.y + inner.height <= outer.y + outer.height;
}

// What is padded by mirrors stays whole. Elsewhere a crop inside of the output
// always fits; one that reaches beyond must neither bring back what a narrower
// one took away nor pad in two ways.
bool CanCrop(const GeometryStage& stage, bool narrows, const Padding& padding) {
  const bool padded = stage.IsPadded();
  if (padded && stage.padding.mode != PaddingMode::kConstant) return false;
  if (narrows) return true;
  return Contains(stage.window, stage.ResizedRect()) &&
         (!padded || stage.padding == padding);
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

// Puts what each place points at in its stead.
void Follow(const GeometryStage& stage, std::vector<PixelPlace>* places) {
  const std::vector<int> columns = stage.NearestColumns();
  const std::vector<int> rows = stage.NearestRows();
  for (PixelPlace& place : *places) {
    if (!place.exists()) continue;
    place = {columns[place.x], rows[place.y]};
    if (place.y < 0) place.x = -1;
  }
}

void Follow(const WarpStep& warp, std::vector<PixelPlace>* places) {
  for (PixelPlace& place : *places) {
    if (place.exists()) place = warp.SourceOf(place);
  }
}

// move(step) for each step that moves anything.
template <typename Steps, typename Move>
void ForEachMovement(const Steps& steps, const Move& move) {
  for (const SampleProgram::Step& step : steps) {
    if (const auto* stage = std::get_if<GeometryStage>(&step)) move(*stage);
    if (const auto* warp = std::get_if<WarpStep>(&step)) move(*warp);
  }
}

template <typename Steps, typename Shape>
std::optional<Shape> MoveThrough(const Steps& steps, const Shape& shape) {
  std::optional<Shape> moved = shape;
  ForEachMovement(steps, [&](const auto& step) {
    if (moved) moved = step.Move(*moved);
  });
  return moved;
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

void SampleProgram::Refuse(absl::string_view why) {
  status_.Update(absl::InvalidArgumentError(why));
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

void SampleProgram::Crop(const Rect& rect, const Padding& padding) {
  GeometryStage* stage = LastStage();
  const bool narrows = Contains({0, 0, width(), height()}, rect);
  if (!CanCrop(*stage, narrows, padding)) stage = BeginStage();
  if (!narrows) stage->padding = padding;
  const int x = stage->flip_horizontal ? width() - rect.x - rect.width : rect.x;
  const int y = stage->flip_vertical ? height() - rect.y - rect.height : rect.y;
  stage->window = {stage->window.x + x, stage->window.y + y, rect.width,
                   rect.height};
  size_ = stage->size();
  TurnWindowIntoCrop(stage);
}

void SampleProgram::FlipHorizontal() { LastStage()->flip_horizontal ^= true; }

void SampleProgram::FlipVertical() { LastStage()->flip_vertical ^= true; }

void SampleProgram::Warp(const ImageSize& output, const WarpSpec& spec) {
  const auto warp = WarpStep::Create(size_, output, spec);
  if (!warp) return;
  steps_.emplace_back(*warp);
  size_ = output;
}

bool SampleProgram::mirrored() const {
  bool mirrored = false;
  ForEachMovement(steps_,
                  [&](const auto& step) { mirrored ^= step.mirrors(); });
  return mirrored;
}

double SampleProgram::AreaRatioAt(Point point) const {
  double ratio = 1;
  ForEachMovement(steps_, [&](const auto& step) {
    ratio *= step.AreaRatioAt(point);
    point = step.MoveUncut(point);
  });
  return ratio;
}

std::optional<Corners> SampleProgram::Move(const Corners& box) const {
  return MoveThrough(steps_, box);
}

std::optional<Point> SampleProgram::Move(const Point& point) const {
  return MoveThrough(steps_, point);
}

std::vector<Point> SampleProgram::MoveRing(std::vector<Point> ring) const {
  ForEachMovement(steps_,
                  [&](const auto& step) { ring = step.MoveRing(ring); });
  return ring;
}

std::vector<PixelPlace> SampleProgram::SourcePixels() const {
  std::vector<PixelPlace> places;
  places.reserve(size_t{1} * width() * height());
  for (int y = 0; y < height(); ++y) {
    for (int x = 0; x < width(); ++x) places.push_back({x, y});
  }
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    if (const auto* stage = std::get_if<GeometryStage>(&*step)) {
      Follow(*stage, &places);
    } else if (const auto* warp = std::get_if<WarpStep>(&*step)) {
      Follow(*warp, &places);
    }
  }
  return places;
}

std::vector<std::optional<Corners>> SampleProgram::Boxes() const {
  std::vector<std::optional<Corners>> moved;
  for (size_t i = 0; i < boxes_.size(); ++i) {
    moved.push_back(dropped_[i] ? std::nullopt : Move(boxes_[i]));
  }
  return moved;
}

}  // namespace millrace
