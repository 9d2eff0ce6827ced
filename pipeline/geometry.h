// Where the pixels of one output image come from: crops, resizes, paddings and
// flips composed before any pixel is touched, and the same movement for boxes,
// points and masks.
//
// Operations are fused into stages of a fixed form:
//
//   input --crop--> part --resize--> resized --window--> output --flip-->
//
// Most plans are one stage: its crop says which part of the file to decode, its
// window which part of the resize to compute. What cannot be fused without
// changing a bit (a resize of what is already resized) begins another stage.
//
// Arithmetic is in a fixed order of + - * / on doubles and in integers.
#pragma once

#include <optional>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "image/image.h"
#include "image/resample.h"

namespace millrace {

struct GeometryStage {
  // Of the stage's input, and inside of it.
  Rect crop;
  // What the crop is resized to; its own size if !resized.
  int resized_width = 0;
  int resized_height = 0;
  bool resized = false;
  Interpolation interpolation = Interpolation::kBilinear;
  // The output, in pixels of the resized crop. What lies outside of it is
  // zeros.
  Rect window;
  bool flip = false;

  // The window's part that has pixels; may be empty (width 0).
  Rect Covered() const;
  bool IsPadded() const { return Covered() != window; }
};

struct Corners {
  double x0 = 0;
  double y0 = 0;
  double x1 = 0;
  double y1 = 0;
};

struct Point {
  double x = 0;
  double y = 0;
};

class Geometry {
 public:
  // Of an image of this size, which is left as it is.
  Geometry(int width, int height);

  // All three in torchvision's meaning. Sizes are at least 1.
  void Resize(int width, int height, Interpolation interpolation);
  // What `rect` has outside of the image becomes zeros.
  void Crop(const Rect& rect);
  void FlipHorizontal();

  // Of the output.
  int width() const { return stages_.back().window.width; }
  int height() const { return stages_.back().window.height; }
  // At least one.
  const absl::InlinedVector<GeometryStage, 2>& stages() const {
    return stages_;
  }

  // True after an odd number of flips.
  bool mirrored() const;
  // Output pixels for each input pixel.
  double area_ratio() const;

  // A box moved and cut to what is left of the image; none if no area is left.
  std::optional<Corners> Move(const Corners& box) const;
  // None if the point is cut off.
  std::optional<Point> Move(const Point& point) const;
  // Wherever it lands, inside the output or not.
  Point MoveUncut(Point point) const;

  // The input pixel that is nearest to each output pixel, as a column for each
  // output x and a row for each output y; -1 where there are zeros.
  struct Sources {
    std::vector<int> columns;
    std::vector<int> rows;
  };
  Sources NearestSources() const;

 private:
  void BeginStage();

  absl::InlinedVector<GeometryStage, 2> stages_;
};

}  // namespace millrace
