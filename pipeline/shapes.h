// What geometry is made of. Coordinates are continuous: pixel i covers
// [i, i + 1).
#pragma once

namespace millrace {

struct ImageSize {
  int width = 0;
  int height = 0;
  bool operator==(const ImageSize&) const = default;
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

}  // namespace millrace
