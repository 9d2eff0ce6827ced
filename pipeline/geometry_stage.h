// One fused pass over pixels, and the same movement for boxes and points:
//
//   input --crop--> part --resize--> resized --window--> output --flips-->
//
// Arithmetic is in a fixed order of + - * / on doubles and in integers.
#pragma once

#include <optional>
#include <vector>

#include "image/image.h"
#include "image/pad.h"
#include "image/resample.h"
#include "pipeline/shapes.h"

namespace millrace {

// False if there is none.
bool HasArea(const Corners& box);
Corners Cut(const Corners& box, const Rect& rect);
// Borders included.
bool Touches(const Rect& rect, const Point& point);

struct GeometryStage {
  // Of an image of this size, which is left as it is.
  static GeometryStage WholeOf(const ImageSize& size);

  ImageSize size() const { return {window.width, window.height}; }
  Rect ResizedRect() const { return {0, 0, resized_width, resized_height}; }
  // The window's part that has pixels; may be empty (width 0).
  Rect Covered() const;
  bool IsPadded() const { return Covered() != window; }
  bool mirrors() const { return flip_horizontal != flip_vertical; }

  // A box moved and cut to what is left of the image; none if no area is left.
  std::optional<Corners> Move(const Corners& box) const;
  // None if the point is cut off.
  std::optional<Point> Move(const Point& point) const;
  // Wherever it lands, inside the output or not.
  Point MoveUncut(const Point& point) const;
  std::vector<Point> MoveRing(const std::vector<Point>& ring) const;
  // Output pixels for each input pixel; the same everywhere.
  double AreaRatioAt(const Point& point) const;

  // The input column that is nearest to each output column, and the same for
  // rows; -1 where there are no pixels.
  std::vector<int> NearestColumns() const;
  std::vector<int> NearestRows() const;

  // Of the stage's input, and inside of it.
  Rect crop;
  // What the crop is resized to; its own size if !resized.
  int resized_width = 0;
  int resized_height = 0;
  bool resized = false;
  Interpolation interpolation = Interpolation::kBilinear;
  // The output, in pixels of the resized crop. What lies outside of it is
  // padding.
  Rect window;
  Padding padding;
  bool flip_horizontal = false;
  bool flip_vertical = false;
};

}  // namespace millrace
