// A mask's pixels, row by row, from runs that go down the columns, and back.
//
// Going down a column would touch one cache line for each pixel. Instead only
// the ends of each column's runs are marked; then each row is the one above it,
// changed where it has marks. The way back looks for rows that differ from the
// one above, in parts that are mostly equal.
#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "image/mask.h"
#include "image/mask_toggles.h"

namespace millrace {
namespace {

class Painter {
 public:
  Painter(int height, int width, uint8_t* raster)
      : height_(height),
        width_(width),
        raster_(raster),
        left_(width),
        top_(height) {
    std::fill_n(raster, size_t{1} * height * width, uint8_t{0});
  }

  // Of pixels counted down the columns.
  void MarkRun(size_t begin, size_t end) {
    while (begin < end) {
      const size_t x = begin / height_;
      const size_t bottom = std::min(end, (x + 1) * height_);
      MarkPart(static_cast<int>(x), static_cast<int>(begin - x * height_),
               static_cast<int>(bottom - x * height_));
      begin = bottom;
    }
  }

  void Sweep() {
    for (int y = top_ + 1; y <= std::min(bottom_, height_ - 1); ++y) {
      const uint8_t* above = row(y - 1);
      uint8_t* here = row(y);
      for (int x = left_; x <= right_; ++x) here[x] ^= above[x];
    }
  }

 private:
  uint8_t* row(int y) { return raster_ + size_t{1} * y * width_; }

  void MarkPart(int x, int y0, int y1) {
    row(y0)[x] ^= 1;
    if (y1 < height_) row(y1)[x] ^= 1;
    left_ = std::min(left_, x);
    right_ = std::max(right_, x);
    top_ = std::min(top_, y0);
    bottom_ = std::max(bottom_, y1);
  }

  const int height_;
  const int width_;
  uint8_t* const raster_;
  // What has marks.
  int left_;
  int right_ = -1;
  int top_;
  int bottom_ = -1;
};

// Pixels of a row that are compared at once.
constexpr int kPart = 64;

}  // namespace

void PaintRaster(const RunLengthMask& mask, uint8_t* raster) {
  Painter painter(mask.height, mask.width, raster);
  size_t at = 0;
  bool set = false;
  for (const uint32_t count : mask.counts) {
    if (set) painter.MarkRun(at, at + count);
    at += count;
    set = !set;
  }
  painter.Sweep();
}

RunLengthMask RunLengthsOf(const uint8_t* raster, int height, int width) {
  std::vector<uint32_t> toggles;
  const std::vector<uint8_t> zeros(width);
  const uint8_t* above = zeros.data();
  const auto add_changes = [&](const uint8_t* row, int y) {
    for (int begin = 0; begin < width; begin += kPart) {
      const int end = std::min(begin + kPart, width);
      if (std::memcmp(row + begin, above + begin, end - begin) == 0) continue;
      for (int x = begin; x < end; ++x) {
        if ((row[x] != 0) == (above[x] != 0)) continue;
        toggles.push_back(static_cast<uint32_t>(int64_t{x} * height + y));
      }
    }
    above = row;
  };
  for (int y = 0; y < height; ++y) {
    add_changes(raster + size_t{1} * y * width, y);
  }
  add_changes(zeros.data(), height);
  return MaskBetween(std::move(toggles), height, width);
}

}  // namespace millrace
