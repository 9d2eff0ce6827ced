// Pixels in memory: 8 bits a channel, channels interleaved (gray or RGB), rows
// from the top.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

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

// Of memory that is written before it is read: what a vector makes room for
// stays as it is.
template <typename T>
struct UnclearedAllocator : std::allocator<T> {
  template <typename U>
  struct rebind {
    using other = UnclearedAllocator<U>;
  };
  template <typename U>
  void construct(U* at) {
    ::new (static_cast<void*>(at)) U;
  }
  template <typename U, typename... Values>
  void construct(U* at, Values&&... values) {
    ::new (static_cast<void*>(at)) U(std::forward<Values>(values)...);
  }
};
using PixelVector = std::vector<uint8_t, UnclearedAllocator<uint8_t>>;

// Owning, rows without padding. Reset() keeps the memory, so an Image used as
// scratch stops allocating.
class Image {
 public:
  Image() = default;
  // Black.
  Image(int width, int height, int channels) {
    Reset(width, height, channels);
    std::fill(pixels_.begin(), pixels_.end(), 0);
  }

  // Contents are undefined afterwards.
  void Reset(int width, int height, int channels) {
    width_ = width;
    height_ = height;
    channels_ = channels;
    pixels_.resize(size_t{1} * width * height * channels);
  }

  int width() const { return width_; }
  int height() const { return height_; }
  int channels() const { return channels_; }
  size_t stride() const { return size_t{1} * width_ * channels_; }
  uint8_t* row(int y) { return pixels_.data() + y * stride(); }
  const uint8_t* row(int y) const { return pixels_.data() + y * stride(); }
  const PixelVector& pixels() const { return pixels_; }

  ImageView view() const {
    return {pixels_.data(), width_, height_, channels_,
            static_cast<ptrdiff_t>(stride())};
  }
  ImageSpan span() {
    return {pixels_.data(), width_, height_, channels_,
            static_cast<ptrdiff_t>(stride())};
  }

 private:
  int width_ = 0;
  int height_ = 0;
  int channels_ = 0;
  PixelVector pixels_;
};

}  // namespace millrace
