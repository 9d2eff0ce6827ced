#include "image/pack_rows.h"

#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/pack_rows.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef MILLRACE_IMAGE_PACK_ROWS_ONCE
#define MILLRACE_IMAGE_PACK_ROWS_ONCE
namespace millrace {

// Bits of a float32: what takes its exponent to that of a float16, 0.5, 2^-14
// and 2^16. Then the bits of an infinite float16.
inline constexpr uint32_t kHalfBias = static_cast<uint32_t>(15 - 127) << 23;
inline constexpr uint32_t kOneHalf = 126 << 23;
inline constexpr uint32_t kLeastNormalHalf = 113 << 23;
inline constexpr uint32_t kTooLargeForHalf = 143 << 23;
inline constexpr uint32_t kInfiniteHalf = 0x7C00;

}  // namespace millrace
#endif

HWY_BEFORE_NAMESPACE();
namespace millrace {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128 || HWY_HAVE_SCALABLE

void FlipRow(const uint8_t* row, int width, int channels, uint8_t* out) {
  FlipRowReference(row, width, channels, out);
}

void SplitRow(const uint8_t* row, int width,
              const std::array<uint8_t*, 3>& planes) {
  SplitRowReference(row, width, planes);
}

void ScaleRow(const uint8_t* row, int size, const Scaling& scaling,
              float* out) {
  ScaleRowReference(row, size, scaling, out);
}

void ToFloat16Row(const float* row, int size, uint16_t* out) {
  ToFloat16RowReference(row, size, out);
}

void ToBfloat16Row(const float* row, int size, uint16_t* out) {
  ToBfloat16RowReference(row, size, out);
}

#else

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::Full128<uint8_t> kBytes;
using Bytes = hn::Vec<decltype(kBytes)>;
constexpr int kLanes = 16;

// Calls `do_block` with the first item of blocks that cover all of at least
// kBlock items. The last one overlaps the one before.
template <int kBlock, typename DoBlock>
HWY_INLINE void ForEachBlock(int size, const DoBlock& do_block) {
  int i = 0;
  for (; i + kBlock <= size; i += kBlock) do_block(i);
  if (i < size) do_block(size - kBlock);
}

HWY_INLINE Bytes Reverse(Bytes bytes) {
  alignas(16) static constexpr uint8_t kOrder[kLanes] = {
      15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
  return hn::TableLookupBytes(bytes, hn::Load(kBytes, kOrder));
}

void FlipRow(const uint8_t* row, int width, int channels, uint8_t* out) {
  if (width < kLanes) return FlipRowReference(row, width, channels, out);
  if (channels == 1) {
    ForEachBlock<kLanes>(width, [&](int x) HWY_ATTR {
      const Bytes bytes = hn::LoadU(kBytes, row + (width - kLanes - x));
      hn::StoreU(Reverse(bytes), kBytes, out + x);
    });
    return;
  }
  ForEachBlock<kLanes>(width, [&](int x) HWY_ATTR {
    Bytes r, g, b;
    hn::LoadInterleaved3(kBytes, row + 3 * (width - kLanes - x), r, g, b);
    hn::StoreInterleaved3(Reverse(r), Reverse(g), Reverse(b), kBytes,
                          out + 3 * x);
  });
}

void SplitRow(const uint8_t* row, int width,
              const std::array<uint8_t*, 3>& planes) {
  if (width < kLanes) return SplitRowReference(row, width, planes);
  ForEachBlock<kLanes>(width, [&](int x) HWY_ATTR {
    Bytes r, g, b;
    hn::LoadInterleaved3(kBytes, row + 3 * x, r, g, b);
    hn::StoreU(r, kBytes, planes[0] + x);
    hn::StoreU(g, kBytes, planes[1] + x);
    hn::StoreU(b, kBytes, planes[2] + x);
  });
}

constexpr hn::CappedTag<float, kLanes> kFloats;
constexpr int kFloatLanes = hn::MaxLanes(kFloats);

// Steps of three vectors: whole repeats of the three factors.
void ScaleRow(const uint8_t* row, int size, const Scaling& scaling,
              float* out) {
  constexpr hn::Rebind<int32_t, decltype(kFloats)> kInts;
  constexpr hn::Rebind<uint8_t, decltype(kFloats)> kQuarters;
  constexpr int kStep = 3 * kFloatLanes;
  static_assert(kStep + 2 <= Scaling::kSize);
  if (size < kStep) return ScaleRowReference(row, size, scaling, out);
  const auto do_vector = [&](int i, int phase) HWY_ATTR {
    const auto bytes = hn::LoadU(kQuarters, row + i);
    const auto value = hn::ConvertTo(kFloats, hn::PromoteTo(kInts, bytes));
    const auto product =
        hn::Mul(value, hn::LoadU(kFloats, scaling.scales + phase));
    hn::StoreU(hn::Add(product, hn::LoadU(kFloats, scaling.shifts + phase)),
               kFloats, out + i);
  };
  ForEachBlock<kStep>(size, [&](int i) HWY_ATTR {
    const int phase = i % 3;
    do_vector(i, phase);
    do_vector(i + kFloatLanes, phase + kFloatLanes);
    do_vector(i + 2 * kFloatLanes, phase + 2 * kFloatLanes);
  });
}

constexpr hn::RebindToUnsigned<decltype(kFloats)> kBits;
using Bits = hn::Vec<decltype(kBits)>;

HWY_INLINE Bits SetBits(uint32_t bits) { return hn::Set(kBits, bits); }

// convert(bits of a float32) gives the 16 bits of each value.
template <typename Convert>
HWY_INLINE void ToHalves(const float* row, int size, const Convert& convert,
                         uint16_t* out) {
  constexpr hn::RebindToSigned<decltype(kFloats)> kInts;
  constexpr hn::Rebind<uint16_t, decltype(kFloats)> kHalves;
  ForEachBlock<kFloatLanes>(size, [&](int i) HWY_ATTR {
    const Bits bits = hn::BitCast(kBits, hn::LoadU(kFloats, row + i));
    const Bits halves = convert(bits);
    hn::StoreU(hn::DemoteTo(kHalves, hn::BitCast(kInts, halves)), kHalves,
               out + i);
  });
}

// Adds what rounds to nearest even where the lower `kDropped` bits fall away.
template <int kDropped>
HWY_INLINE Bits RoundedShift(Bits bits, uint32_t bias) {
  const Bits odd = hn::And(hn::ShiftRight<kDropped>(bits), SetBits(1));
  return hn::ShiftRight<kDropped>(
      hn::Add(hn::Add(bits, SetBits(bias + (1u << (kDropped - 1)) - 1)), odd));
}

void ToFloat16Row(const float* row, int size, uint16_t* out) {
  if (size < kFloatLanes) return ToFloat16RowReference(row, size, out);
  const auto convert = [](Bits bits) HWY_ATTR {
    const Bits magnitude = hn::And(bits, SetBits(0x7FFFFFFF));
    const Bits sign = hn::ShiftRight<16>(hn::Xor(bits, magnitude));
    const Bits normal = RoundedShift<13>(magnitude, kHalfBias);
    // Below 2^-14: the addition shifts, and rounds.
    const Bits half = SetBits(kOneHalf);
    const Bits tiny =
        hn::Sub(hn::BitCast(kBits, hn::Add(hn::BitCast(kFloats, magnitude),
                                           hn::BitCast(kFloats, half))),
                half);
    const Bits finite = hn::IfThenElse(
        hn::Lt(magnitude, SetBits(kLeastNormalHalf)), tiny, normal);
    const Bits clipped =
        hn::IfThenElse(hn::Lt(magnitude, SetBits(kTooLargeForHalf)), finite,
                       SetBits(kInfiniteHalf));
    return hn::Or(clipped, sign);
  };
  ToHalves(row, size, convert, out);
}

void ToBfloat16Row(const float* row, int size, uint16_t* out) {
  if (size < kFloatLanes) return ToBfloat16RowReference(row, size, out);
  const auto convert = [](Bits bits)
                           HWY_ATTR { return RoundedShift<16>(bits, 0); };
  ToHalves(row, size, convert, out);
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace millrace
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace millrace {

HWY_EXPORT(FlipRow);
HWY_EXPORT(SplitRow);
HWY_EXPORT(ScaleRow);
HWY_EXPORT(ToFloat16Row);
HWY_EXPORT(ToBfloat16Row);

void FlipRow(const uint8_t* row, int width, int channels, uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(FlipRow)(row, width, channels, out);
}

void SplitRow(const uint8_t* row, int width,
              const std::array<uint8_t*, 3>& planes) {
  HWY_DYNAMIC_DISPATCH(SplitRow)(row, width, planes);
}

void ScaleRow(const uint8_t* row, int size, const Scaling& scaling,
              float* out) {
  HWY_DYNAMIC_DISPATCH(ScaleRow)(row, size, scaling, out);
}

void ToFloat16Row(const float* row, int size, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(ToFloat16Row)(row, size, out);
}

void ToBfloat16Row(const float* row, int size, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(ToBfloat16Row)(row, size, out);
}

Scaling::Scaling(const std::array<float, 3>& scale,
                 const std::array<float, 3>& shift) {
  for (int i = 0; i < kSize; ++i) {
    scales[i] = scale[i % 3];
    shifts[i] = shift[i % 3];
  }
}

void FlipRowReference(const uint8_t* row, int width, int channels,
                      uint8_t* out) {
  for (int x = 0; x < width; ++x) {
    for (int c = 0; c < channels; ++c) {
      out[x * channels + c] = row[(width - 1 - x) * channels + c];
    }
  }
}

void SplitRowReference(const uint8_t* row, int width,
                       const std::array<uint8_t*, 3>& planes) {
  for (int x = 0; x < width; ++x) {
    for (int c = 0; c < 3; ++c) planes[c][x] = row[3 * x + c];
  }
}

void ScaleRowReference(const uint8_t* row, int size, const Scaling& scaling,
                       float* out) {
  for (int i = 0; i < size; ++i) {
    out[i] = static_cast<float>(row[i]) * scaling.scales[i % 3] +
             scaling.shifts[i % 3];
  }
}

namespace {

uint32_t BitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

uint16_t Float16Of(float value) {
  const uint32_t sign = BitsOf(value) & 0x80000000;
  const uint32_t bits = BitsOf(value) ^ sign;
  uint32_t half;
  if (bits >= kTooLargeForHalf) {
    half = kInfiniteHalf;
  } else if (bits >= kLeastNormalHalf) {
    half = (bits + kHalfBias + 0xFFF + (bits >> 13 & 1)) >> 13;
  } else {
    const float magnitude = value < 0 ? -value : value;
    half = BitsOf(magnitude + 0.5f) - kOneHalf;
  }
  return static_cast<uint16_t>(half | sign >> 16);
}

}  // namespace

void ToFloat16RowReference(const float* row, int size, uint16_t* out) {
  for (int i = 0; i < size; ++i) out[i] = Float16Of(row[i]);
}

void ToBfloat16RowReference(const float* row, int size, uint16_t* out) {
  for (int i = 0; i < size; ++i) {
    const uint32_t bits = BitsOf(row[i]);
    out[i] = static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
  }
}

}  // namespace millrace
#endif  // HWY_ONCE
