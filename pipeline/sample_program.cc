#include "pipeline/sample_program.h"

#include <cmath>
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

// move(step) for each step that moves anything.
template <typename Steps, typename Move>
void ForEachMovement(const Steps& steps, const Move& move) {
  for (const SampleProgram::Step& step : steps) {
    if (const auto* stage = std::get_if<GeometryStage>(&step)) move(*stage);
    if (const auto* warp = std::get_if<WarpStep>(&step)) move(*warp);
  }
}

// Whole pixels, and one more on each side.
Corners WithRim(const Corners& box) {
  return {std::floor(box.x0) - 1, std::floor(box.y0) - 1, std::ceil(box.x1) + 1,
          std::ceil(box.y1) + 1};
}

std::optional<Corners> ReachOf(const GeometryStage& stage, const Corners& box) {
  return stage.Move(box);
}

std::optional<Corners> ReachOf(const WarpStep& warp, const Corners& box) {
  if (!warp.ShowsBeyondHorizon()) return warp.Move(box);
  return Corners{0, 0, static_cast<double>(warp.output().width),
                 static_cast<double>(warp.output().height)};
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

// The nearest pixel may be off by half a pixel of any step's input.
Rect SampleProgram::Reach(const Corners& box) const {
  std::optional<Corners> moved = box;
  ForEachMovement(steps_, [&](const auto& step) {
    if (moved) moved = ReachOf(step, *moved);
    if (moved) moved = WithRim(*moved);
  });
  if (!moved) return {};
  const Corners cut = Cut(*moved, {0, 0, width(), height()});
  const int x = static_cast<int>(cut.x0);
  const int y = static_cast<int>(cut.y0);
  return {x, y, static_cast<int>(cut.x1) - x, static_cast<int>(cut.y1) - y};
}

std::vector<std::optional<Corners>> SampleProgram::Boxes() const {
  std::vector<std::optional<Corners>> moved;
  for (size_t i = 0; i < boxes_.size(); ++i) {
    moved.push_back(dropped_[i] ? std::nullopt : Move(boxes_[i]));
  }
  return moved;
}

}  // namespace millrace
