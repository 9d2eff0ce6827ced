// An affine or projective movement of pixels, boxes and points.
#pragma once

#include <optional>
#include <vector>

#include "image/warp.h"
#include "pipeline/shapes.h"

namespace millrace {

class WarpStep {
 public:
  // None if `spec.to_input` cannot be inverted.
  static std::optional<WarpStep> Create(const ImageSize& input,
                                        const ImageSize& output,
                                        const WarpSpec& spec);

  const WarpSpec& spec() const { return spec_; }
  const ImageSize& input() const { return input_; }
  const ImageSize& output() const { return output_; }
  bool mirrors() const { return to_output_.Determinant() < 0; }

  // The hull of what is left of a box, cut to the output; none if no area is
  // left.
  std::optional<Corners> Move(const Corners& box) const;
  // None if the point is cut off.
  std::optional<Point> Move(const Point& point) const;
  // A closed ring, wherever it lands; what lies beyond the horizon of a
  // projective map is cut off.
  std::vector<Point> MoveRing(const std::vector<Point>& ring) const;
  // Wherever it lands.
  Point MoveUncut(const Point& point) const;
  // Output pixels for each input pixel, at a point of the input.
  double AreaRatioAt(const Point& point) const;
  // True if some output pixels lie beyond the horizon: as in torchvision they
  // come from input pixels nevertheless, which Move() sends elsewhere.
  bool ShowsBeyondHorizon() const;
  // The input pixel that an output pixel comes from.
  PixelPlace SourceOf(const PixelPlace& out) const;

 private:
  WarpStep(const ImageSize& input, const ImageSize& output,
           const WarpSpec& spec, const ProjectiveMap& to_output)
      : input_(input), output_(output), spec_(spec), to_output_(to_output) {}

  ImageSize input_;
  ImageSize output_;
  WarpSpec spec_;
  ProjectiveMap to_output_;
};

}  // namespace millrace
