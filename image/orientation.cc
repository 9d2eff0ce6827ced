#include "image/orientation.h"

#include <cstring>
#include <utility>

namespace millrace {
namespace {

bool SwapsAxes(int orientation) { return orientation >= 5; }

bool MirrorsColumns(int orientation) {
  return orientation == 2 || orientation == 3 || orientation == 7 ||
         orientation == 8;
}

bool MirrorsRows(int orientation) {
  return orientation == 3 || orientation == 4 || orientation == 6 ||
         orientation == 7;
}

// A walk over `stored` that meets its pixels in the upright order.
struct Walk {
  const uint8_t* start;
  ptrdiff_t pixel_step;
  ptrdiff_t row_step;
};

Walk UprightWalk(const ImageView& stored, int orientation) {
  Walk walk = {stored.data, stored.channels, stored.stride};
  if (MirrorsColumns(orientation)) {
    walk.start += ptrdiff_t{stored.width - 1} * stored.channels;
    walk.pixel_step = -walk.pixel_step;
  }
  if (MirrorsRows(orientation)) {
    walk.start += ptrdiff_t{stored.height - 1} * stored.stride;
    walk.row_step = -walk.row_step;
  }
  if (SwapsAxes(orientation)) std::swap(walk.pixel_step, walk.row_step);
  return walk;
}

template <int kChannels>
void CopyRow(const uint8_t* source, ptrdiff_t step, int width, uint8_t* out) {
  for (int x = 0; x < width; ++x) {
    std::memcpy(out + ptrdiff_t{x} * kChannels, source + x * step, kChannels);
  }
}

}  // namespace

Rect StoredRegion(const Rect& upright, const ImageHeader& header) {
  Rect stored = upright;
  if (SwapsAxes(header.orientation)) {
    stored = {upright.y, upright.x, upright.height, upright.width};
  }
  if (MirrorsColumns(header.orientation)) {
    stored.x = header.stored_width - stored.x - stored.width;
  }
  if (MirrorsRows(header.orientation)) {
    stored.y = header.stored_height - stored.y - stored.height;
  }
  return stored;
}

PixelBox UprightBox(const PixelBox& stored, int width, int height,
                    int orientation) {
  PixelBox box = stored;
  if (MirrorsColumns(orientation)) {
    box.x0 = width - stored.x1;
    box.x1 = width - stored.x0;
  }
  if (MirrorsRows(orientation)) {
    box.y0 = height - stored.y1;
    box.y1 = height - stored.y0;
  }
  if (SwapsAxes(orientation)) box = {box.y0, box.x0, box.y1, box.x1};
  return box;
}

void Orient(const ImageView& stored, int orientation, Image* upright) {
  const bool swap = SwapsAxes(orientation);
  upright->Reset(swap ? stored.height : stored.width,
                 swap ? stored.width : stored.height, stored.channels);
  const Walk walk = UprightWalk(stored, orientation);
  const auto copy_row = stored.channels == 1 ? CopyRow<1> : CopyRow<3>;
  for (int y = 0; y < upright->height(); ++y) {
    copy_row(walk.start + y * walk.row_step, walk.pixel_step, upright->width(),
             upright->row(y));
  }
}

}  // namespace millrace
