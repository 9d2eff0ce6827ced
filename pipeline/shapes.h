// What geometry is made of. Coordinates are continuous: pixel i covers
// [i, i + 1).
#pragma once

#include <algorithm>
#include <cstdint>

namespace millrace {

// A side that nothing reaches in earnest; keeps sums of ints from wrapping.
inline constexpr int64_t kMaxSide = int64_t{1} << 29;

// Within 1 to kMaxSide.
inline int ToSide(int64_t side) {
  return static_cast<int>(std::clamp<int64_t>(side, 1, kMaxSide));
}

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

// A whole pixel; none if x is below 0.
struct PixelPlace {
  bool exists() const { return x >= 0; }

  int x = -1;
  int y = -1;
};

}  // namespace millrace
