// Coordinates of the upright image in the frame of the stored one, for plans
// that leave the EXIF orientation alone.
#pragma once

#include "pipeline/shapes.h"

namespace millrace {

class StoredFrame {
 public:
  // `orientation`: EXIF 1..8; all else means upright.
  StoredFrame(int orientation, const ImageSize& upright);

  // Of the stored image.
  const ImageSize& size() const { return size_; }
  bool is_upright() const { return !swap_ && !mirror_x_ && !mirror_y_; }
  // True if the stored image is a mirror image.
  bool mirrors() const { return swap_ ^ mirror_x_ ^ mirror_y_; }

  Point ToStored(const Point& upright) const;
  // Keeps x0 <= x1 and y0 <= y1.
  Corners ToStored(const Corners& upright) const;
  // Of a pixel of the stored image.
  PixelPlace ToUpright(const PixelPlace& stored) const;

 private:
  bool swap_;
  bool mirror_x_;
  bool mirror_y_;
  ImageSize size_;
};

}  // namespace millrace
