// Where a decoder puts its rows, so that whoever needs them next finds them in
// the cache.
#pragma once

#include <algorithm>

#include "image/image.h"

namespace millrace {

class RowSink {
 public:
  virtual ~RowSink() = default;

  // The size of the image that comes: again, if another decoder has to begin
  // anew.
  virtual void Begin(int width, int height, int channels) = 0;
  // Memory for the next rows, from the top: at least one row, at most `rows`.
  // Not more than the image has left.
  virtual ImageSpan Room(int rows) = 0;
  // All rows of the last Room() are there.
  virtual void Filled() = 0;
};

// Puts them into an image, which takes their size.
class ImageRows final : public RowSink {
 public:
  explicit ImageRows(Image* image) : image_(image) {}

  void Begin(int width, int height, int channels) override {
    image_->Reset(width, height, channels);
    y_ = 0;
  }
  ImageSpan Room(int rows) override {
    ImageSpan room = image_->span();
    room.data = room.row(y_);
    room.height = rows;
    y_ += rows;
    return room;
  }
  void Filled() override {}

 private:
  Image* const image_;
  int y_ = 0;
};

// Copies an image that is there already.
inline void HandOver(const ImageView& image, RowSink* sink) {
  sink->Begin(image.width, image.height, image.channels);
  for (int y = 0; y < image.height;) {
    const ImageSpan room = sink->Room(image.height - y);
    for (int i = 0; i < room.height; ++i, ++y) {
      std::copy_n(image.row(y), ptrdiff_t{1} * image.width * image.channels,
                  room.row(i));
    }
    sink->Filled();
  }
}

}  // namespace millrace
