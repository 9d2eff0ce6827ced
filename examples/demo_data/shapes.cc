#include "examples/demo_data/shapes.h"

#include <cmath>
#include <functional>

namespace millrace::demo {
namespace {

constexpr double kPi = 3.14159265358979323846;

Ring Regular(int corners, double inner) {
  Ring ring;
  const int points = inner < 1 ? 2 * corners : corners;
  for (int i = 0; i < points; ++i) {
    const double angle = 2 * kPi * i / points - kPi / 2;
    const double radius = inner < 1 && i % 2 == 1 ? inner : 1;
    ring.push_back({radius * std::cos(angle), radius * std::sin(angle)});
  }
  return ring;
}

Ring Heart() {
  Ring ring;
  for (int i = 0; i < 40; ++i) {
    const double t = 2 * kPi * i / 40, s = std::sin(t);
    ring.push_back({s * s * s, -(13 * std::cos(t) - 5 * std::cos(2 * t) -
                                 2 * std::cos(3 * t) - std::cos(4 * t)) /
                                   16});
  }
  return ring;
}

Ring UnitOutline(Shape shape) {
  switch (shape) {
    case Shape::kCircle:
      return Regular(36, 1);
    case Shape::kSquare:
      return {{-.8, -.8}, {.8, -.8}, {.8, .8}, {-.8, .8}};
    case Shape::kTriangle:
      return Regular(3, 1);
    case Shape::kStar:
      return Regular(5, 0.45);
    case Shape::kHeart:
      return Heart();
  }
  return {};
}

// Sutherland and Hodgman's step: what lies where `inside` is at least 0.
Ring CutBy(const Ring& ring, const std::function<double(Point)>& inside) {
  Ring kept;
  for (size_t i = 0; i < ring.size(); ++i) {
    const Point from = ring[i], to = ring[(i + 1) % ring.size()];
    const double a = inside(from), b = inside(to);
    if (a >= 0) kept.push_back(from);
    if ((a >= 0) != (b >= 0)) {
      const double share = a / (a - b);
      kept.push_back(
          {from.x + share * (to.x - from.x), from.y + share * (to.y - from.y)});
    }
  }
  return kept;
}

}  // namespace

Ring OutlineOf(Shape shape, Point centre, double radius, double angle) {
  Ring ring = UnitOutline(shape);
  const double cosine = std::cos(angle), sine = std::sin(angle);
  for (Point& p : ring) {
    p = {centre.x + radius * (cosine * p.x - sine * p.y),
         centre.y + radius * (sine * p.x + cosine * p.y)};
  }
  return ring;
}

Ring Clipped(const Ring& ring, double left, double top, double right,
             double bottom) {
  Ring cut = CutBy(ring, [&](Point p) { return p.x - left; });
  cut = CutBy(cut, [&](Point p) { return right - p.x; });
  cut = CutBy(cut, [&](Point p) { return p.y - top; });
  return CutBy(cut, [&](Point p) { return bottom - p.y; });
}

Ring Capsule(Point from, Point to, double radius) {
  const double along = std::atan2(to.y - from.y, to.x - from.x);
  Ring ring;
  for (int i = 0; i <= 6; ++i) {
    const double angle = along - kPi / 2 + kPi * i / 6;
    ring.push_back(
        {to.x + radius * std::cos(angle), to.y + radius * std::sin(angle)});
  }
  for (int i = 0; i <= 6; ++i) {
    const double angle = along + kPi / 2 + kPi * i / 6;
    ring.push_back(
        {from.x + radius * std::cos(angle), from.y + radius * std::sin(angle)});
  }
  return ring;
}

Ring Disc(Point centre, double radius) {
  return OutlineOf(Shape::kCircle, centre, radius, 0);
}

const std::vector<NamedInk>& Colours() {
  static const auto* const kColours = new std::vector<NamedInk>{
      {"red", {.85, .12, .15}},   {"orange", {.95, .5, .08}},
      {"yellow", {.97, .85, .1}}, {"green", {.13, .6, .25}},
      {"blue", {.12, .35, .85}},  {"purple", {.52, .2, .7}},
      {"pink", {.95, .45, .7}},   {"white", {.97, .97, .95}},
      {"black", {.12, .12, .14}}};
  return *kColours;
}

}  // namespace millrace::demo
