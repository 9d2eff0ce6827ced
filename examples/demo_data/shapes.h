// Outlines of simple shapes, and what can be done to outlines.
#pragma once

#include <string>
#include <vector>

#include "examples/demo_data/sketch.h"

namespace millrace::demo {

enum class Shape { kCircle, kSquare, kTriangle, kStar, kHeart };

// Turned by `angle`, about 2 * radius wide.
Ring OutlineOf(Shape shape, Point centre, double radius, double angle);

// The part of a ring inside of the rectangle; fewer than three points if
// nothing is. A concave ring may get edges that run along the border.
Ring Clipped(const Ring& ring, double left, double top, double right,
             double bottom);

// A thick line with round ends, and a quarter-smooth circle: parts of bodies.
Ring Capsule(Point from, Point to, double radius);
Ring Disc(Point centre, double radius);

struct NamedInk {
  std::string name;
  Ink ink;
};

// Strong colours with the names that people give them.
const std::vector<NamedInk>& Colours();

}  // namespace millrace::demo
