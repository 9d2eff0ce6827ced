#include "pipeline/stored_frame.h"

#include <algorithm>

namespace millrace {

// EXIF names the stored image's first row and first column: 6, say, is "right,
// top", the stored first row is the upright image's right side.
StoredFrame::StoredFrame(int orientation, const ImageSize& upright)
    : swap_(orientation >= 5 && orientation <= 8),
      mirror_x_(orientation == 2 || orientation == 3 || orientation == 7 ||
                orientation == 8),
      mirror_y_(orientation == 3 || orientation == 4 || orientation == 6 ||
                orientation == 7),
      size_(swap_ ? ImageSize{upright.height, upright.width} : upright) {}

Point StoredFrame::ToStored(const Point& upright) const {
  Point stored = swap_ ? Point{upright.y, upright.x} : upright;
  if (mirror_x_) stored.x = size_.width - stored.x;
  if (mirror_y_) stored.y = size_.height - stored.y;
  return stored;
}

Corners StoredFrame::ToStored(const Corners& upright) const {
  const Point a = ToStored(Point{upright.x0, upright.y0});
  const Point b = ToStored(Point{upright.x1, upright.y1});
  return {std::min(a.x, b.x), std::min(a.y, b.y), std::max(a.x, b.x),
          std::max(a.y, b.y)};
}

PixelPlace StoredFrame::ToUpright(const PixelPlace& stored) const {
  const int x = mirror_x_ ? size_.width - 1 - stored.x : stored.x;
  const int y = mirror_y_ ? size_.height - 1 - stored.y : stored.y;
  return swap_ ? PixelPlace{y, x} : PixelPlace{x, y};
}

}  // namespace millrace
