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

// One row of `width` pixels; consecutive output pixels are `out_step` values
// apart, channels `channel_step`.
template <int kChannels, bool kFlip, typename Convert>
void PackRow(const uint8_t* source, int width, const Convert& convert,
             ptrdiff_t out_step, ptrdiff_t channel_step,
             typename Convert::Value* out) {
  for (int c = 0; c < kChannels; ++c) {
    for (int x = 0; x < width; ++x) {
      const ptrdiff_t from = kFlip ? width - 1 - x : x;
      out[c * channel_step + x * out_step] =
          convert(source[from * kChannels + c], c);
    }
  }
}

template <int kChannels, bool kFlip, bool kPlanar, typename Convert>
void PackRows(const ImageView& source, const Convert& convert,
              typename Convert::Value* out) {
  const ptrdiff_t row_values =
      kPlanar ? source.width : ptrdiff_t{source.width} * kChannels;
  const ptrdiff_t plane = ptrdiff_t{source.width} * source.height;
  for (int y = 0; y < source.height; ++y, out += row_values) {
    PackRow<kChannels, kFlip>(source.row(y), source.width, convert,
                              kPlanar ? 1 : kChannels, kPlanar ? plane : 1,
                              out);
  }
}

template <int kChannels, typename Convert>
void PackAs(const ImageView& source, const PackSpec& spec,
            const Convert& convert, typename Convert::Value* out) {
  if (spec.channels_first && kChannels > 1) {
    spec.flip_horizontal
        ? PackRows<kChannels, true, true>(source, convert, out)
        : PackRows<kChannels, false, true>(source, convert, out);
  } else {
    spec.flip_horizontal
        ? PackRows<kChannels, true, false>(source, convert, out)
        : PackRows<kChannels, false, false>(source, convert, out);
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
