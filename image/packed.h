// Changes of images that are packed into tensors already (pack.h).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "image/image.h"
#include "image/pack.h"

namespace millrace {

// How the values of a packed image lie.
struct PackedLayout {
  int width = 0;
  int height = 0;
  int channels = 0;
  PixelType type = PixelType::kUint8;
  bool channels_first = false;

  size_t values() const { return size_t{1} * width * height * channels; }
  size_t bytes() const { return values() * BytesOf(type); }
  // Index of a value.
  size_t At(int x, int y, int c) const {
    return channels_first ? (size_t{1} * c * height + y) * width + x
                          : (size_t{1} * y * width + x) * channels + c;
  }
};

// Writes value(x, y, channel) to each place in `rect`, which must be inside;
// rounded where the type is not float32, for kUint8 to the nearest byte.
void Fill(const PackedLayout& layout, const Rect& rect,
          const std::function<float(int x, int y, int c)>& value, void* image);

// Each of `images` becomes share * itself + (1 - share) * the one before it, in
// float32, each product and the sum rounded; the first one's is the last one.
// Types other than float32 are rounded to nearest at the end (for kUint8,
// halves up).
void MixWithPrevious(PixelType type, double share, size_t values,
                     const std::vector<void*>& images);

// Each of `images` gets the pixels of `rect` of the one before it.
void PasteFromPrevious(const PackedLayout& layout, const Rect& rect,
                       const std::vector<void*>& images);

// Copies what becomes `part` of `to`, moved there by (dx, dy).
void CopyPart(const PackedLayout& layout, const Rect& part, int dx, int dy,
              const void* from, void* to);

// Copies the pixels whose byte in `mask` (H x W) is not 0.
void CopyMasked(const PackedLayout& layout, const uint8_t* mask,
                const void* from, void* to);

}  // namespace millrace
