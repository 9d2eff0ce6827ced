#include "image/projective_map.h"

#include <cmath>

namespace millrace {

ProjectiveMap::Result ProjectiveMap::Apply(double x, double y) const {
  return {a * x + b * y + c, d * x + e * y + f, g * x + h * y + i};
}

double ProjectiveMap::Determinant() const {
  return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
}

// The adjugate over the determinant. Not scaled to i = 1: that would lose the
// sign of w.
std::optional<ProjectiveMap> ProjectiveMap::Inverse() const {
  const double scale = 1 / Determinant();
  if (!std::isfinite(scale)) return std::nullopt;
  ProjectiveMap inverse = {(e * i - f * h) * scale, (c * h - b * i) * scale,
                           (b * f - c * e) * scale, (f * g - d * i) * scale,
                           (a * i - c * g) * scale, (c * d - a * f) * scale,
                           (d * h - e * g) * scale, (b * g - a * h) * scale,
                           (a * e - b * d) * scale};
  if (is_affine()) {
    inverse.g = inverse.h = 0;
    inverse.i = 1;
  }
  return inverse;
}

std::optional<ProjectiveMap> RectToQuad(
    double width, double height, const std::array<MapPoint, 4>& corners) {
  const auto& [p0, p1, p2, p3] = corners;
  const double dx1 = p1.x - p2.x;
  const double dx2 = p3.x - p2.x;
  const double dx3 = p0.x - p1.x + p2.x - p3.x;
  const double dy1 = p1.y - p2.y;
  const double dy2 = p3.y - p2.y;
  const double dy3 = p0.y - p1.y + p2.y - p3.y;
  const double cross = dx1 * dy2 - dx2 * dy1;
  if (!(cross < 0 && width > 0 && height > 0)) return std::nullopt;
  const double g = (dx3 * dy2 - dx2 * dy3) / cross;
  const double h = (dx1 * dy3 - dx3 * dy1) / cross;
  // w at the corners.
  if (!(1 + g > 0 && 1 + h > 0 && 1 + g + h > 0)) return std::nullopt;
  return ProjectiveMap{(p1.x - p0.x + g * p1.x) / width,
                       (p3.x - p0.x + h * p3.x) / height,
                       p0.x,
                       (p1.y - p0.y + g * p1.y) / width,
                       (p3.y - p0.y + h * p3.y) / height,
                       p0.y,
                       g / width,
                       h / height,
                       1};
}

}  // namespace millrace
