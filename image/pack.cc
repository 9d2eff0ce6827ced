#include "image/pack.h"

#include <cstring>

namespace millrace {
namespace {

// Turns one channel's value into the tensor's type.
struct KeepByte {
  using Value = uint8_t;
  uint8_t operator()(uint8_t value, int) const { return value; }
};

struct ScaleAndShift {
  using Value = float;
  float operator()(uint8_t value, int channel) const {
    return static_cast<float>(value) * scale[channel] + shift[channel];
  }
  std::array<float, 3> scale;
  std::array<float, 3> shift;
};

template <int kChannels, bool kFlip, typename Convert>
void PackInterleaved(const ImageView& source, const Convert& convert,
                     typename Convert::Value* out) {
  for (int y = 0; y < source.height; ++y) {
    const uint8_t* row = source.row(y);
    for (int x = 0; x < source.width; ++x, out += kChannels) {
      const uint8_t* pixel =
          row + ptrdiff_t{kFlip ? source.width - 1 - x : x} * kChannels;
      for (int c = 0; c < kChannels; ++c) out[c] = convert(pixel[c], c);
    }
  }
}

template <int kChannels, bool kFlip, typename Convert>
void PackPlanar(const ImageView& source, const Convert& convert,
                typename Convert::Value* out) {
  const ptrdiff_t plane = ptrdiff_t{source.width} * source.height;
  for (int y = 0; y < source.height; ++y, out += source.width) {
    const uint8_t* row = source.row(y);
    for (int c = 0; c < kChannels; ++c) {
      for (int x = 0; x < source.width; ++x) {
        const ptrdiff_t from = kFlip ? source.width - 1 - x : x;
        out[c * plane + x] = convert(row[from * kChannels + c], c);
      }
    }
  }
}

template <int kChannels, typename Convert>
void PackAs(const ImageView& source, const PackSpec& spec,
            const Convert& convert, typename Convert::Value* out) {
  if (spec.channels_first && kChannels > 1) {
    spec.flip_horizontal ? PackPlanar<kChannels, true>(source, convert, out)
                         : PackPlanar<kChannels, false>(source, convert, out);
  } else {
    spec.flip_horizontal
        ? PackInterleaved<kChannels, true>(source, convert, out)
        : PackInterleaved<kChannels, false>(source, convert, out);
  }
}

template <typename Convert>
void PackWith(const ImageView& source, const PackSpec& spec,
              const Convert& convert, typename Convert::Value* out) {
  source.channels == 1 ? PackAs<1>(source, spec, convert, out)
                       : PackAs<3>(source, spec, convert, out);
}

// The layout stays as it is: whole rows, or all at once.
void CopyRows(const ImageView& source, uint8_t* out) {
  const size_t row_bytes = size_t{1} * source.width * source.channels;
  if (source.stride == static_cast<ptrdiff_t>(row_bytes)) {
    std::memcpy(out, source.data, row_bytes * source.height);
    return;
  }
  for (int y = 0; y < source.height; ++y) {
    std::memcpy(out + y * row_bytes, source.row(y), row_bytes);
  }
}

}  // namespace

size_t PackedBytes(int width, int height, int channels, const PackSpec& spec) {
  return size_t{1} * width * height * channels *
         (spec.to_float ? sizeof(float) : 1);
}

void Pack(const ImageView& source, const PackSpec& spec, void* out) {
  const bool same_layout = !spec.channels_first || source.channels == 1;
  if (spec.to_float) {
    PackWith(source, spec, ScaleAndShift{spec.scale, spec.shift},
             static_cast<float*>(out));
  } else if (same_layout && !spec.flip_horizontal) {
    CopyRows(source, static_cast<uint8_t*>(out));
  } else {
    PackWith(source, spec, KeepByte{}, static_cast<uint8_t*>(out));
  }
}

}  // namespace millrace
