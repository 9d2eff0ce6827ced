// Pixels in memory: 8 bits a channel, channels interleaved (gray or RGB), rows
// from the top.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace millrace {

// Whole pixels, [x, x + width) x [y, y + height).
struct Rect {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;

  bool operator==(const Rect&) const = default;
};

// Borders that may lie within pixels: those of all of a picture are 0, 0, its
// width and its height.
struct PixelBox {
  double x0 = 0;
  double y0 = 0;
  double x1 = 0;
  double y1 = 0;

  bool operator==(const PixelBox&) const = default;
};

// Borrowed. `stride` is the distance between rows in bytes, at least
// width * channels.
struct ImageView {
  const uint8_t* data = nullptr;
  int width = 0;
  int height = 0;
  int channels = 0;
  ptrdiff_t stride = 0;

  const uint8_t* row(int y) const { return data + y * stride; }
};

// Borrowed, to be written; the same otherwise.
struct ImageSpan {
  uint8_t* data = nullptr;
  int width = 0;
  int height = 0;
  int channels = 0;
  ptrdiff_t stride = 0;

  uint8_t* row(int y) const { return data + y * stride; }
  ImageView view() const { return {data, width, height, channels, stride}; }
};

// Owning, rows without padding. Reset() keeps the memory, so an Image used as
// scratch stops allocating.
class Image {
 public:
  Image() = default;
  Image(int width, int height, int channels) { Reset(width, height, channels); }

  // Contents are undefined afterwards. Never shrinks: what a vector gives back
  // and takes again, it clears.
  void Reset(int width, int height, int channels) {
    width_ = width;
    height_ = height;
    channels_ = channels;
    memory_.resize(std::max(memory_.size(), pixel_bytes()));
  }

  int width() const { return width_; }
  int height() const { return height_; }
  int channels() const { return channels_; }
  size_t stride() const { return size_t{1} * width_ * channels_; }
  uint8_t* row(int y) { return memory_.data() + y * stride(); }
  const uint8_t* row(int y) const { return memory_.data() + y * stride(); }
  absl::Span<const uint8_t> pixels() const {
    return {memory_.data(), pixel_bytes()};
  }
  // Memory held for pixels.
  size_t bytes() const { return memory_.capacity(); }

  ImageView view() const {
    return {memory_.data(), width_, height_, channels_,
            static_cast<ptrdiff_t>(stride())};
  }
  ImageSpan span() {
    return {memory_.data(), width_, height_, channels_,
            static_cast<ptrdiff_t>(stride())};
  }

 private:
  size_t pixel_bytes() const { return stride() * height_; }

  int width_ = 0;
  int height_ = 0;
  int channels_ = 0;
  // At least pixel_bytes().
  std::vector<uint8_t> memory_;
};

}  // namespace millrace
