// Maps of the plane that keep lines straight: affine and projective ones.
//
// Arithmetic is in a fixed order of + - * / on doubles, so results are the same
// on every CPU.
#pragma once

#include <array>
#include <optional>

namespace millrace {

// (x, y) -> ((a x + b y + c) / w, (d x + e y + f) / w), w = g x + h y + i.
// Points with w <= 0 lie beyond the horizon and have no image.
struct ProjectiveMap {
  struct Result {
    double x;
    double y;
    double w;  // What x and y are yet to be divided by.
  };

  Result Apply(double x, double y) const;
  bool is_affine() const { return g == 0 && h == 0 && i == 1; }
  double Determinant() const;
  // None if there is none, or none that numbers can hold.
  std::optional<ProjectiveMap> Inverse() const;

  double a = 1, b = 0, c = 0;
  double d = 0, e = 1, f = 0;
  double g = 0, h = 0, i = 1;
};

struct MapPoint {
  double x;
  double y;
};

// The map that takes the corners (0, 0), (width, 0), (width, height) and
// (0, height) to `corners`, in this order. None unless they are a convex
// quadrilateral, turned in the same direction, and the sides are above 0.
//
// Source: Heckbert, "Fundamentals of texture mapping and image warping" (1989),
// 2.2.3.
std::optional<ProjectiveMap> RectToQuad(double width, double height,
                                        const std::array<MapPoint, 4>& corners);

}  // namespace millrace
