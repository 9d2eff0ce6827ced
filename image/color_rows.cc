#include "image/color_rows.h"

#include <algorithm>

#include "image/color.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/color_rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace millrace {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128 || HWY_HAVE_SCALABLE

void BlendWithValue(uint8_t value, float factor, uint8_t* bytes, size_t size) {
  BlendWithValueReference(value, factor, bytes, size);
}

void BlendWithLuma(float factor, uint8_t* pixels, size_t count) {
  BlendWithLumaReference(factor, pixels, count);
}

uint64_t SumOfLuma(const uint8_t* pixels, size_t count) {
  return SumOfLumaReference(pixels, count);
}

void ShiftHue(uint8_t shift, uint8_t* pixels, size_t count) {
  ShiftHueReference(shift, pixels, count);
}

void BlendWithSmoothed(const RowAndNeighbours& rows, int size, int channels,
                       float factor, uint8_t* out) {
  BlendWithSmoothedReference(rows, size, channels, factor, out);
}

#else

namespace hn = hwy::HWY_NAMESPACE;

// Bytes that are computed with one vector of numbers of 32 bits.
constexpr hn::CappedTag<float, 16> kFloats;
constexpr hn::RebindToSigned<decltype(kFloats)> kInts;
constexpr hn::Rebind<uint8_t, decltype(kFloats)> kQuarters;
constexpr hn::Full128<uint8_t> kBytes;
using Floats = hn::Vec<decltype(kFloats)>;
using Ints = hn::Vec<decltype(kInts)>;
using Bytes = hn::Vec<decltype(kBytes)>;
constexpr size_t kStep = hn::MaxLanes(kFloats);
constexpr size_t kBlock = 16;  // Pixels that are split at once.
static_assert(kBlock % kStep == 0);

HWY_INLINE Ints LoadBytes(const uint8_t* bytes) {
  return hn::PromoteTo(kInts, hn::LoadU(kQuarters, bytes));
}

HWY_INLINE void StoreBytes(Ints values, uint8_t* bytes) {
  hn::StoreU(hn::DemoteTo(kQuarters, values), kQuarters, bytes);
}

HWY_INLINE Ints Times(Ints values, int factor) {
  return hn::Mul(values, hn::Set(kInts, factor));
}

HWY_INLINE Ints Blend(Ints from, Ints to, Floats factor) {
  const Floats way = hn::ConvertTo(kFloats, hn::Sub(to, from));
  const Floats sum =
      hn::Add(hn::ConvertTo(kFloats, from), hn::Mul(factor, way));
  const Floats clipped =
      hn::Min(hn::Max(sum, hn::Zero(kFloats)), hn::Set(kFloats, 255.0f));
  return hn::ConvertTo(kInts, clipped);
}

void BlendWithValue(uint8_t value, float factor, uint8_t* bytes, size_t size) {
  const Ints from = hn::Set(kInts, value);
  const Floats factors = hn::Set(kFloats, factor);
  size_t i = 0;
  for (; i + kStep <= size; i += kStep) {
    StoreBytes(Blend(from, LoadBytes(bytes + i), factors), bytes + i);
  }
  BlendWithValueReference(value, factor, bytes + i, size - i);
}

// A few pixels, a row for each channel.
struct Planes {
  static constexpr size_t kSize = 256;
  alignas(64) uint8_t channel[3][kSize];

  HWY_INLINE void Split(const uint8_t* pixels, size_t count) {
    for (size_t i = 0; i < count; i += kBlock) {
      Bytes r, g, b;
      hn::LoadInterleaved3(kBytes, pixels + 3 * i, r, g, b);
      hn::Store(r, kBytes, channel[0] + i);
      hn::Store(g, kBytes, channel[1] + i);
      hn::Store(b, kBytes, channel[2] + i);
    }
  }

  HWY_INLINE void Merge(size_t count, uint8_t* pixels) const {
    for (size_t i = 0; i < count; i += kBlock) {
      hn::StoreInterleaved3(
          hn::Load(kBytes, channel[0] + i), hn::Load(kBytes, channel[1] + i),
          hn::Load(kBytes, channel[2] + i), kBytes, pixels + 3 * i);
    }
  }
};

struct Rgb {
  Ints r, g, b;
};

HWY_INLINE Rgb LoadRgb(const Planes& planes, size_t i) {
  return {LoadBytes(planes.channel[0] + i), LoadBytes(planes.channel[1] + i),
          LoadBytes(planes.channel[2] + i)};
}

HWY_INLINE void StoreRgb(const Rgb& pixels, size_t i, Planes* planes) {
  StoreBytes(pixels.r, planes->channel[0] + i);
  StoreBytes(pixels.g, planes->channel[1] + i);
  StoreBytes(pixels.b, planes->channel[2] + i);
}

// Calls do_run(first, length, planes) for runs of pixels in whole blocks.
// Returns the number of pixels in them.
template <typename DoRun>
HWY_INLINE size_t ForEachRun(const uint8_t* pixels, size_t count,
                             const DoRun& do_run) {
  const size_t whole = count - count % kBlock;
  Planes planes;
  for (size_t i = 0; i < whole; i += Planes::kSize) {
    const size_t length = std::min(Planes::kSize, whole - i);
    planes.Split(pixels + 3 * i, length);
    do_run(i, length, planes);
  }
  return whole;
}

// Changes pixels in vectors; returns the number of them.
template <typename Change>
HWY_INLINE size_t ChangePixels(uint8_t* pixels, size_t count,
                               const Change& change) {
  return ForEachRun(pixels, count,
                    [&](size_t first, size_t length, Planes& planes) HWY_ATTR {
                      for (size_t i = 0; i < length; i += kStep) {
                        StoreRgb(change(LoadRgb(planes, i)), i, &planes);
                      }
                      planes.Merge(length, pixels + 3 * first);
                    });
}

HWY_INLINE Ints Luma(const Rgb& pixel) {
  const Ints sum =
      hn::Add(hn::Add(Times(pixel.r, 19595), Times(pixel.g, 38470)),
              hn::Add(Times(pixel.b, 7471), hn::Set(kInts, 0x8000)));
  return hn::ShiftRight<16>(sum);
}

void BlendWithLuma(float factor, uint8_t* pixels, size_t count) {
  const Floats factors = hn::Set(kFloats, factor);
  const size_t done =
      ChangePixels(pixels, count, [&](const Rgb& pixel) HWY_ATTR {
        const Ints luma = Luma(pixel);
        return Rgb{Blend(luma, pixel.r, factors), Blend(luma, pixel.g, factors),
                   Blend(luma, pixel.b, factors)};
      });
  BlendWithLumaReference(factor, pixels + 3 * done, count - done);
}

uint64_t SumOfLuma(const uint8_t* pixels, size_t count) {
  uint64_t total = 0;
  const size_t done = ForEachRun(
      pixels, count,
      [&](size_t /*first*/, size_t length, const Planes& planes) HWY_ATTR {
        Ints sum = hn::Zero(kInts);
        for (size_t i = 0; i < length; i += kStep) {
          sum = hn::Add(sum, Luma(LoadRgb(planes, i)));
        }
        total += hn::GetLane(hn::SumOfLanes(kInts, sum));
      });
  return total + SumOfLumaReference(pixels + 3 * done, count - done);
}

struct Hsv {
  Ints h, s, v;
};

// Pillow's conversion, in which each ratio is rounded to float once.
HWY_INLINE Hsv HsvOf(const Rgb& pixel) {
  const Ints zero = hn::Zero(kInts);
  const Ints most = hn::Max(pixel.r, hn::Max(pixel.g, pixel.b));
  const Ints least = hn::Min(pixel.r, hn::Min(pixel.g, pixel.b));
  const Ints middle = hn::Sub(hn::Add(pixel.r, hn::Add(pixel.g, pixel.b)),
                              hn::Add(most, least));
  const Ints range = hn::Sub(most, least);
  const Ints one = hn::Set(kInts, 1);
  const Floats divisor = hn::ConvertTo(kFloats, hn::Max(range, one));
  const Floats ratio =
      hn::Div(hn::ConvertTo(kFloats, hn::Sub(most, middle)), divisor);

  // Sixths of a turn: base + ratio where the hue rises, else base - ratio.
  const auto r_most = hn::Eq(pixel.r, most);
  const auto g_most = hn::Eq(pixel.g, most);
  const auto rises = hn::Eq(
      hn::IfThenElse(r_most, pixel.g, hn::IfThenElse(g_most, pixel.b, pixel.r)),
      least);
  const auto pick = [&](int r, int g, int b) HWY_ATTR {
    return hn::IfThenElse(
        r_most, hn::Set(kInts, r),
        hn::IfThenElse(g_most, hn::Set(kInts, g), hn::Set(kInts, b)));
  };
  const Ints base = hn::IfThenElse(rises, pick(-1, 1, 3), pick(1, 3, 5));
  const Floats signed_ratio =
      hn::IfThenElse(hn::RebindMask(kFloats, rises), ratio, hn::Neg(ratio));
  const Floats sixths = hn::Add(hn::ConvertTo(kFloats, base), signed_ratio);
  const Floats turn = hn::Div(sixths, hn::Set(kFloats, 6.0f));
  const Floats positive =
      hn::IfThenElse(hn::Lt(turn, hn::Zero(kFloats)),
                     hn::Add(turn, hn::Set(kFloats, 1.0f)), turn);
  const Floats scale = hn::Set(kFloats, 255.0f);
  const Ints hue = hn::ConvertTo(kInts, hn::Mul(positive, scale));
  const Floats saturation = hn::Div(hn::ConvertTo(kFloats, range),
                                    hn::ConvertTo(kFloats, hn::Max(most, one)));
  return {hn::IfThenElse(hn::Eq(range, zero), zero, hue),
          hn::ConvertTo(kInts, hn::Mul(saturation, scale)), most};
}

// value / 255, rounded down; 0 <= value < 65535.
HWY_INLINE Ints Divide255(Ints value) {
  const Ints one = hn::Set(kInts, 1);
  return hn::ShiftRight<8>(
      hn::Add(hn::Add(value, one), hn::ShiftRight<8>(value)));
}

// v * (1 - part / 65025), rounded. A float holds the dividend, and a quotient
// is never so close below a whole number as to be rounded to it.
HWY_INLINE Ints Less(Ints v, Ints part) {
  const Ints product = hn::Mul(v, hn::Sub(hn::Set(kInts, 255 * 255), part));
  const Ints dividend = hn::Add(product, hn::Set(kInts, 255 * 255 / 2));
  return hn::ConvertTo(kInts, hn::Div(hn::ConvertTo(kFloats, dividend),
                                      hn::Set(kFloats, 255.0f * 255.0f)));
}

HWY_INLINE Rgb RgbOf(const Hsv& pixel) {
  const Ints sixths = Times(pixel.h, 6);
  const Ints sector = Divide255(sixths);  // 0 to 6.
  const Ints within = hn::Sub(sixths, Times(sector, 255));
  const Ints& v = pixel.v;
  const Ints p = Less(v, Times(pixel.s, 255));
  const Ints q = Less(v, hn::Mul(pixel.s, within));
  const Ints t =
      Less(v, hn::Mul(pixel.s, hn::Sub(hn::Set(kInts, 255), within)));
  const auto is = [&](int number) HWY_ATTR {
    return hn::Eq(sector, hn::Set(kInts, number));
  };
  // Sectors 0 and 6, where `within` is 0, are the first ones.
  Rgb rgb = {v, t, p};
  const auto set = [&](int number, Ints r, Ints g, Ints b) HWY_ATTR {
    rgb = {hn::IfThenElse(is(number), r, rgb.r),
           hn::IfThenElse(is(number), g, rgb.g),
           hn::IfThenElse(is(number), b, rgb.b)};
  };
  set(1, q, v, p);
  set(2, p, v, t);
  set(3, p, q, v);
  set(4, t, p, v);
  set(5, v, p, q);
  return rgb;
}

void ShiftHue(uint8_t shift, uint8_t* pixels, size_t count) {
  const size_t done =
      ChangePixels(pixels, count, [&](const Rgb& pixel) HWY_ATTR {
        Hsv hsv = HsvOf(pixel);
        hsv.h =
            hn::And(hn::Add(hsv.h, hn::Set(kInts, shift)), hn::Set(kInts, 255));
        return RgbOf(hsv);
      });
  ShiftHueReference(shift, pixels + 3 * done, count - done);
}

void BlendWithSmoothed(const RowAndNeighbours& rows, int size, int channels,
                       float factor, uint8_t* out) {
  const int end = size - channels;
  if (end - channels < static_cast<int>(kStep)) {
    return BlendWithSmoothedReference(rows, size, channels, factor, out);
  }
  const Floats factors = hn::Set(kFloats, factor);
  const auto do_bytes = [&](int i) HWY_ATTR {
    const auto column = [&](int x) HWY_ATTR {
      return hn::Add(
          LoadBytes(rows.row + x),
          hn::Add(LoadBytes(rows.above + x), LoadBytes(rows.below + x)));
    };
    const Ints center = LoadBytes(rows.row + i);
    const Ints around =
        hn::Add(column(i), hn::Add(column(i - channels), column(i + channels)));
    const Ints sum = hn::Add(around, Times(center, 4));
    // (sum + 6) / 13: exact for sums of up to 13 * 255.
    const Ints smoothed =
        hn::ShiftRight<16>(Times(hn::Add(sum, hn::Set(kInts, 6)), 5042));
    StoreBytes(Blend(smoothed, center, factors), out + i);
  };
  std::copy_n(rows.row, channels, out);
  int i = channels;
  for (; i + static_cast<int>(kStep) <= end; i += kStep) do_bytes(i);
  if (i < end) do_bytes(end - static_cast<int>(kStep));
  std::copy_n(rows.row + end, channels, out + end);
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace millrace
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace millrace {

HWY_EXPORT(BlendWithValue);
HWY_EXPORT(BlendWithLuma);
HWY_EXPORT(SumOfLuma);
HWY_EXPORT(ShiftHue);
HWY_EXPORT(BlendWithSmoothed);

void BlendWithValue(uint8_t value, float factor, uint8_t* bytes, size_t size) {
  HWY_DYNAMIC_DISPATCH(BlendWithValue)(value, factor, bytes, size);
}

void BlendWithLuma(float factor, uint8_t* pixels, size_t count) {
  HWY_DYNAMIC_DISPATCH(BlendWithLuma)(factor, pixels, count);
}

uint64_t SumOfLuma(const uint8_t* pixels, size_t count) {
  return HWY_DYNAMIC_DISPATCH(SumOfLuma)(pixels, count);
}

void ShiftHue(uint8_t shift, uint8_t* pixels, size_t count) {
  HWY_DYNAMIC_DISPATCH(ShiftHue)(shift, pixels, count);
}

void BlendWithSmoothed(const RowAndNeighbours& rows, int size, int channels,
                       float factor, uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(BlendWithSmoothed)(rows, size, channels, factor, out);
}

}  // namespace millrace
#endif  // HWY_ONCE
