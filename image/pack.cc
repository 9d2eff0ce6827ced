#include "image/pack.h"

#include <algorithm>
#include <cstring>

#include "image/pack_rows.h"

namespace millrace {
namespace {

// Pixels of a row that go through the kernels together, in the nearest cache.
constexpr int kChunk = 256;

// Writes the pixels of a chunk as they are.
class ToBytes {
 public:
  using Value = uint8_t;

  void Interleaved(const uint8_t* pixels, int size, uint8_t* out) const {
    std::memcpy(out, pixels, size);
  }

  // RGB to planes that are `plane` values apart.
  void Planes(const uint8_t* pixels, int width, ptrdiff_t plane,
              uint8_t* out) const {
    SplitRow(pixels, width, {out, out + plane, out + 2 * plane});
  }
};

// The same in floats, scaled and shifted.
class ToFloats {
 public:
  using Value = float;

  ToFloats(const PackSpec& spec, int channels)
      : channel_{OneChannel(spec, 0), OneChannel(spec, 1), OneChannel(spec, 2)},
        pixel_(channels == 1 ? channel_[0] : Scaling(spec.scale, spec.shift)) {}

  void Interleaved(const uint8_t* pixels, int size, float* out) const {
    ScaleRow(pixels, size, pixel_, out);
  }

  void Planes(const uint8_t* pixels, int width, ptrdiff_t plane,
              float* out) const {
    uint8_t split[3][kChunk];
    SplitRow(pixels, width, {split[0], split[1], split[2]});
    for (int c = 0; c < 3; ++c) {
      ScaleRow(split[c], width, channel_[c], out + c * plane);
    }
  }

 private:
  static Scaling OneChannel(const PackSpec& spec, int c) {
    return {{spec.scale[c], spec.scale[c], spec.scale[c]},
            {spec.shift[c], spec.shift[c], spec.shift[c]}};
  }

  Scaling channel_[3];
  Scaling pixel_;
};

// The floats, rounded to 16 bits.
class ToHalves {
 public:
  using Value = uint16_t;
  using Round = void (*)(const float* row, int size, uint16_t* out);

  ToHalves(const PackSpec& spec, int channels)
      : floats_(spec, channels),
        round_(spec.type == PixelType::kFloat16 ? ToFloat16Row
                                                : ToBfloat16Row) {}

  void Interleaved(const uint8_t* pixels, int size, uint16_t* out) const {
    float values[3 * kChunk];
    floats_.Interleaved(pixels, size, values);
    round_(values, size, out);
  }

  void Planes(const uint8_t* pixels, int width, ptrdiff_t plane,
              uint16_t* out) const {
    float values[3 * kChunk];
    floats_.Planes(pixels, width, kChunk, values);
    for (int c = 0; c < 3; ++c) {
      round_(values + ptrdiff_t{c} * kChunk, width, out + c * plane);
    }
  }

 private:
  const ToFloats floats_;
  const Round round_;
};

// Output pixels [x, x + width) of row y, at most kChunk.
template <typename Writer>
void PackChunk(const ImageView& source, const PackSpec& spec,
               const Writer& writer, int x, int y, int width,
               typename Writer::Value* out) {
  const int channels = source.channels;
  const int first = spec.flip_horizontal ? source.width - x - width : x;
  const uint8_t* pixels = source.row(y) + ptrdiff_t{first} * channels;
  uint8_t flipped[3 * kChunk];
  if (spec.flip_horizontal) {
    FlipRow(pixels, width, channels, flipped);
    pixels = flipped;
  }
  const ptrdiff_t at = ptrdiff_t{y} * source.width + x;
  if (spec.channels_first && channels > 1) {
    const ptrdiff_t plane = ptrdiff_t{source.width} * source.height;
    writer.Planes(pixels, width, plane, out + at);
  } else {
    writer.Interleaved(pixels, width * channels, out + at * channels);
  }
}

template <typename Writer>
void PackChunks(const ImageView& source, const PackSpec& spec,
                const Writer& writer, typename Writer::Value* out) {
  for (int y = 0; y < source.height; ++y) {
    for (int x = 0; x < source.width; x += kChunk) {
      const int width = std::min(kChunk, source.width - x);
      PackChunk(source, spec, writer, x, y, width, out);
    }
  }
}

// Layout and type stay as they are, and no row has padding.
bool IsCopy(const ImageView& source, const PackSpec& spec) {
  return spec.type == PixelType::kUint8 && !spec.flip_horizontal &&
         (!spec.channels_first || source.channels == 1) &&
         source.stride == ptrdiff_t{source.width} * source.channels;
}

}  // namespace

size_t BytesOf(PixelType type) {
  switch (type) {
    case PixelType::kUint8:
      return 1;
    case PixelType::kFloat32:
      return 4;
    case PixelType::kFloat16:
    case PixelType::kBfloat16:
      break;
  }
  return 2;
}

size_t PackedBytes(int width, int height, int channels, const PackSpec& spec) {
  return size_t{1} * width * height * channels * BytesOf(spec.type);
}

void Pack(const ImageView& source, const PackSpec& spec, void* out) {
  if (IsCopy(source, spec)) {
    std::memcpy(out, source.data, source.stride * source.height);
    return;
  }
  switch (spec.type) {
    case PixelType::kUint8:
      return PackChunks(source, spec, ToBytes(), static_cast<uint8_t*>(out));
    case PixelType::kFloat32:
      return PackChunks(source, spec, ToFloats(spec, source.channels),
                        static_cast<float*>(out));
    case PixelType::kFloat16:
    case PixelType::kBfloat16:
      return PackChunks(source, spec, ToHalves(spec, source.channels),
                        static_cast<uint16_t*>(out));
  }
}

}  // namespace millrace
