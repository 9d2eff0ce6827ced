#include "image/baseline_rows.h"

#include <algorithm>
#include <array>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/baseline_rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "image/avx512_vbmi.h"
#include "image/products-inl.h"

HWY_BEFORE_NAMESPACE();
namespace millrace {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128 || HWY_HAVE_SCALABLE

void UpsampleColumns(const uint8_t* row, int count, uint8_t* out) {
  UpsampleColumnsReference(row, count, out);
}
void UpsampleRows(const uint8_t* row, const uint8_t* other, RowParity parity,
                  int count, uint8_t* out) {
  UpsampleRowsReference(row, other, parity, count, out);
}
void UpsampleBoth(const uint8_t* row, const uint8_t* other, int count,
                  uint8_t* out) {
  UpsampleBothReference(row, other, count, out);
}
void YccToRgb(const uint8_t* y, const uint8_t* cb, const uint8_t* cr, int count,
              uint8_t* rgb) {
  YccToRgbReference(y, cb, cr, count, rgb);
}

#else

constexpr hn::CappedTag<uint8_t, kRowPadding> kBytes;
constexpr hn::Repartition<uint16_t, decltype(kBytes)> kWords;
constexpr hn::Repartition<int16_t, decltype(kBytes)> kSigned;
constexpr hn::Half<decltype(kBytes)> kHalf;
constexpr int kWordLanes = static_cast<int>(hn::MaxLanes(kWords));
constexpr int kByteLanes = 2 * kWordLanes;
using Bytes = hn::Vec<decltype(kBytes)>;
using Words = hn::Vec<decltype(kWords)>;
using Signed = hn::Vec<decltype(kSigned)>;

HWY_INLINE Words Load(const uint8_t* samples) {
  return hn::PromoteTo(kWords, hn::LoadU(kHalf, samples));
}

HWY_INLINE Words TimesThree(Words v) { return hn::Add(hn::Add(v, v), v); }

// (3 * v + other + rounding) >> kShift
template <int kShift>
HWY_INLINE Words Blend(Words v, Words other, int rounding) {
  const Words sum = hn::Add(TimesThree(v), other);
  return hn::ShiftRight<kShift>(
      hn::Add(sum, hn::Set(kWords, static_cast<uint16_t>(rounding))));
}

// `at(x)` has the samples from column x on, as words.
template <int kShift, class At>
HWY_INLINE void UpsampleRow(const At& at, int left_rounding, int right_rounding,
                            int count, uint8_t* out) {
  for (int x = 0; x < count; x += kWordLanes) {
    const Words middle = at(x);
    const Words left = Blend<kShift>(middle, at(x - 1), left_rounding);
    const Words right = Blend<kShift>(middle, at(x + 1), right_rounding);
    // Words of two samples: HWY_IS_LITTLE_ENDIAN is true of all targets.
    const Words both = hn::Or(left, hn::ShiftLeft<8>(right));
    hn::StoreU(hn::BitCast(kBytes, both), kBytes, out + ptrdiff_t{2} * x);
  }
}

void UpsampleColumns(const uint8_t* row, int count, uint8_t* out) {
  UpsampleRow<2>([row](int x) HWY_ATTR { return Load(row + x); }, 1, 2, count,
                 out);
}

void UpsampleBoth(const uint8_t* row, const uint8_t* other, int count,
                  uint8_t* out) {
  const auto at = [row, other](int x) HWY_ATTR {
    return hn::Add(TimesThree(Load(row + x)), Load(other + x));
  };
  UpsampleRow<4>(at, 8, 7, count, out);
}

void UpsampleRows(const uint8_t* row, const uint8_t* other, RowParity parity,
                  int count, uint8_t* out) {
  const int rounding = parity == RowParity::kUpper ? 1 : 2;
  for (int x = 0; x < count; x += kWordLanes) {
    const Words blended = Blend<2>(Load(row + x), Load(other + x), rounding);
    hn::StoreU(hn::DemoteTo(kHalf, hn::BitCast(kSigned, blended)), kHalf,
               out + x);
  }
}

struct Rgb {
  Signed r;
  Signed g;
  Signed b;
};

// Constants as in jdcolor.c, in 16-bit fixed point. Its rounded products with
// 1.402 and 1.772 are, for all 256 values, those of twice the value and these
// factors in 15-bit fixed point.
constexpr int16_t kRedFactor = 22970;
constexpr int16_t kBlueFactor = 29033;

// -0.34414 * cb - 0.71414 * cr, where 0.71414 = 1 - 18734 / 65536, so that it
// fits 16 bits.
HWY_INLINE Rgb Convert(Signed y, Signed cb, Signed cr) {
  const auto product = [](Signed v, int16_t factor) HWY_ATTR {
    return hn::MulFixedPoint15(hn::Add(v, v), hn::Set(kSigned, factor));
  };
  const auto green =
      AddProducts(kSigned, SetWide(kSigned, 1 << 15), cb, cr, {-22554, 18734});
  return {hn::Add(y, product(cr, kRedFactor)),
          hn::Add(hn::Sub(y, cr), NarrowShifted<16>(kSigned, green)),
          hn::Add(y, product(cb, kBlueFactor))};
}

#if HWY_ARCH_X86

// Halves of all 128-bit blocks, which ToBytes() puts together again.
HWY_INLINE Signed LowerWords(Bytes bytes) {
  return hn::BitCast(kSigned,
                     hn::InterleaveLower(kBytes, bytes, hn::Zero(kBytes)));
}
HWY_INLINE Signed UpperWords(Bytes bytes) {
  return hn::BitCast(kSigned,
                     hn::InterleaveUpper(kBytes, bytes, hn::Zero(kBytes)));
}
HWY_INLINE Bytes ToBytes(Signed lower, Signed upper) {
  return PackWords(lower, upper);
}

#else

HWY_INLINE Signed LowerWords(Bytes bytes) {
  return hn::BitCast(kSigned,
                     hn::PromoteTo(kWords, hn::LowerHalf(kHalf, bytes)));
}
HWY_INLINE Signed UpperWords(Bytes bytes) {
  return hn::BitCast(kSigned,
                     hn::PromoteTo(kWords, hn::UpperHalf(kHalf, bytes)));
}
HWY_INLINE Bytes ToBytes(Signed lower, Signed upper) {
  return hn::Combine(kBytes, hn::DemoteTo(kHalf, upper),
                     hn::DemoteTo(kHalf, lower));
}

#endif

struct RgbBytes {
  Bytes r;
  Bytes g;
  Bytes b;
};

HWY_INLINE RgbBytes ConvertBytes(const uint8_t* y, const uint8_t* cb,
                                 const uint8_t* cr) {
  const Signed center = hn::Set(kSigned, 128);
  const Bytes lumas = hn::LoadU(kBytes, y);
  const Bytes blues = hn::LoadU(kBytes, cb);
  const Bytes reds = hn::LoadU(kBytes, cr);
  const Rgb lower =
      Convert(LowerWords(lumas), hn::Sub(LowerWords(blues), center),
              hn::Sub(LowerWords(reds), center));
  const Rgb upper =
      Convert(UpperWords(lumas), hn::Sub(UpperWords(blues), center),
              hn::Sub(UpperWords(reds), center));
  return {ToBytes(lower.r, upper.r), ToBytes(lower.g, upper.g),
          ToBytes(lower.b, upper.b)};
}

HWY_INLINE void Store(const RgbBytes& v, uint8_t* rgb) {
  hn::StoreInterleaved3(v.r, v.g, v.b, kBytes, rgb);
}

#if HWY_TARGET == HWY_AVX3

// Which byte of red or green, behind each other, and which one of blue becomes
// each byte of three vectors of pixels.
struct alignas(64) PixelOrder {
  std::array<uint8_t, 192> red_green;
  std::array<uint8_t, 192> blue;
};

constexpr PixelOrder kPixelOrder = [] {
  PixelOrder order = {};
  for (int i = 0; i < 192; ++i) {
    order.red_green[i] = static_cast<uint8_t>(i % 3 * 64 + i / 3) & 127;
    order.blue[i] = static_cast<uint8_t>(i / 3);
  }
  return order;
}();

template <int kVector>
MILLRACE_AVX512_VBMI inline void StorePixels(const RgbBytes& v, uint8_t* rgb) {
  constexpr __mmask64 kEveryThird = 0x9249249249249249;
  constexpr __mmask64 kBlue = kEveryThird << (2 - kVector);
  const auto order = [](const auto& bytes) MILLRACE_AVX512_VBMI {
    return _mm512_load_si512(bytes.data() + 64 * kVector);
  };
  const __m512i pixels =
      _mm512_permutex2var_epi8(v.r.raw, order(kPixelOrder.red_green), v.g.raw);
  _mm512_storeu_si512(rgb + 64 * kVector,
                      _mm512_mask_permutexvar_epi8(
                          pixels, kBlue, order(kPixelOrder.blue), v.b.raw));
}

// As many whole vectors as there are; returns how many pixels.
MILLRACE_AVX512_VBMI int YccToRgbVectors(const uint8_t* y, const uint8_t* cb,
                                         const uint8_t* cr, int count,
                                         uint8_t* rgb) {
  int x = 0;
  for (; x + kByteLanes <= count; x += kByteLanes) {
    const RgbBytes v = ConvertBytes(y + x, cb + x, cr + x);
    StorePixels<0>(v, rgb + ptrdiff_t{3} * x);
    StorePixels<1>(v, rgb + ptrdiff_t{3} * x);
    StorePixels<2>(v, rgb + ptrdiff_t{3} * x);
  }
  return x;
}

#endif

void YccToRgb(const uint8_t* y, const uint8_t* cb, const uint8_t* cr, int count,
              uint8_t* rgb) {
  int x = 0;
#if HWY_TARGET == HWY_AVX3
  if (HasAvx512Vbmi()) x = YccToRgbVectors(y, cb, cr, count, rgb);
#endif
  for (; x + kByteLanes <= count; x += kByteLanes) {
    Store(ConvertBytes(y + x, cb + x, cr + x), rgb + ptrdiff_t{3} * x);
  }
  if (x == count) return;
  HWY_ALIGN uint8_t rest[3 * kByteLanes];
  Store(ConvertBytes(y + x, cb + x, cr + x), rest);
  std::copy_n(rest, ptrdiff_t{3} * (count - x), rgb + ptrdiff_t{3} * x);
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace millrace
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace millrace {

HWY_EXPORT(UpsampleColumns);
HWY_EXPORT(UpsampleRows);
HWY_EXPORT(UpsampleBoth);
HWY_EXPORT(YccToRgb);

void UpsampleColumns(const uint8_t* row, int count, uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(UpsampleColumns)(row, count, out);
}

void UpsampleRows(const uint8_t* row, const uint8_t* other, RowParity parity,
                  int count, uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(UpsampleRows)(row, other, parity, count, out);
}

void UpsampleBoth(const uint8_t* row, const uint8_t* other, int count,
                  uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(UpsampleBoth)(row, other, count, out);
}

void YccToRgb(const uint8_t* y, const uint8_t* cb, const uint8_t* cr, int count,
              uint8_t* rgb) {
  HWY_DYNAMIC_DISPATCH(YccToRgb)(y, cb, cr, count, rgb);
}

void UpsampleColumnsReference(const uint8_t* row, int count, uint8_t* out) {
  for (int x = 0; x < count; ++x) {
    out[2 * x] = (3 * row[x] + row[x - 1] + 1) >> 2;
    out[2 * x + 1] = (3 * row[x] + row[x + 1] + 2) >> 2;
  }
}

void UpsampleRowsReference(const uint8_t* row, const uint8_t* other,
                           RowParity parity, int count, uint8_t* out) {
  const int rounding = parity == RowParity::kUpper ? 1 : 2;
  for (int x = 0; x < count; ++x) {
    out[x] = (3 * row[x] + other[x] + rounding) >> 2;
  }
}

void UpsampleBothReference(const uint8_t* row, const uint8_t* other, int count,
                           uint8_t* out) {
  const auto at = [=](int x) { return 3 * row[x] + other[x]; };
  for (int x = 0; x < count; ++x) {
    out[2 * x] = (3 * at(x) + at(x - 1) + 8) >> 4;
    out[2 * x + 1] = (3 * at(x) + at(x + 1) + 7) >> 4;
  }
}

// jdcolor.c, build_ycc_rgb_table() and ycc_rgb_convert().
void YccToRgbReference(const uint8_t* y, const uint8_t* cb, const uint8_t* cr,
                       int count, uint8_t* rgb) {
  constexpr int kHalf = 1 << 15;
  const auto clamp = [](int value) { return std::clamp(value, 0, 255); };
  for (int x = 0; x < count; ++x) {
    const int blue = cb[x] - 128;
    const int red = cr[x] - 128;
    rgb[3 * x] = clamp(y[x] + ((91881 * red + kHalf) >> 16));
    rgb[3 * x + 1] =
        clamp(y[x] + ((-22554 * blue - 46802 * red + kHalf) >> 16));
    rgb[3 * x + 2] = clamp(y[x] + ((116130 * blue + kHalf) >> 16));
  }
}

}  // namespace millrace
#endif  // HWY_ONCE
