#include "image/baseline_idct.h"

#include <algorithm>
#include <array>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/baseline_idct.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "image/products-inl.h"

#ifndef MILLRACE_BASELINE_IDCT_ONCE
#define MILLRACE_BASELINE_IDCT_ONCE

namespace millrace {
namespace {

// Of jidctint.c, in 13-bit fixed point; named after what they are.
constexpr int k0_298 = 2446;
constexpr int k0_390 = 3196;
constexpr int k0_541 = 4433;
constexpr int k0_765 = 6270;
constexpr int k0_899 = 7373;
constexpr int k1_175 = 9633;
constexpr int k1_501 = 12299;
constexpr int k1_847 = 15137;
constexpr int k1_961 = 16069;
constexpr int k2_053 = 16819;
constexpr int k2_562 = 20995;
constexpr int k3_072 = 25172;

constexpr int kFixedBits = 13;
// More bits than samples have, kept between the passes.
constexpr int kPassBits = 2;
constexpr int kShift1 = kFixedBits - kPassBits;
// 3: both passes make values larger by the square root of 8.
constexpr int kShift2 = kFixedBits + kPassBits + 3;
constexpr int kCenter = 128;

}  // namespace
}  // namespace millrace

#endif  // MILLRACE_BASELINE_IDCT_ONCE

HWY_BEFORE_NAMESPACE();
namespace millrace {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128 || HWY_HAVE_SCALABLE

void InverseDct(int16_t* coefficients, int groups,
                const JpegQuantizers& quantizers, uint8_t* out,
                ptrdiff_t stride) {
  InverseDctReference(coefficients, groups, quantizers, out, stride);
}

#else

// Rows of 1, 2 or 4 blocks.
constexpr hn::CappedTag<int16_t, kGroupRow> kRow;
constexpr hn::Repartition<uint32_t, decltype(kRow)> kRow32;
constexpr hn::Repartition<uint64_t, decltype(kRow)> kRow64;
constexpr size_t kRowLanes = hn::MaxLanes(kRow);
using Row = hn::Vec<decltype(kRow)>;
using Wide = WideVector<hn::CappedTag<int16_t, kGroupRow> >;
using Block = Row[8];

HWY_INLINE Wide AddProducts(Wide sum, Row a, Row b, int factor_a,
                            int factor_b) {
  return AddProducts(
      kRow, sum, a, b,
      {static_cast<int16_t>(factor_a), static_cast<int16_t>(factor_b)});
}

// Results `i` and `7 - i` of a pass.
template <int kShift>
HWY_INLINE void Butterfly(Wide even, Wide odd, Row& low, Row& high) {
  low = NarrowShifted<kShift>(kRow, AddWide(kRow, even, odd));
  high = NarrowShifted<kShift>(kRow, SubWide(kRow, even, odd));
}

// One dimension, down the columns.
template <int kShift>
HWY_INLINE void Pass(Block& d) {
  const Wide rounding = SetWide(kRow, 1 << (kShift - 1));
  const Wide sum04 = AddWide(
      kRow, rounding, WidenShifted<kFixedBits>(kRow, hn::Add(d[0], d[4])));
  const Wide difference04 = AddWide(
      kRow, rounding, WidenShifted<kFixedBits>(kRow, hn::Sub(d[0], d[4])));
  const Wide none = SetWide(kRow, 0);
  const Wide a = AddProducts(none, d[2], d[6], k0_541 + k0_765, k0_541);
  const Wide b = AddProducts(none, d[2], d[6], k0_541, k0_541 - k1_847);
  const Wide even0 = AddWide(kRow, sum04, a);
  const Wide even3 = SubWide(kRow, sum04, a);
  const Wide even1 = AddWide(kRow, difference04, b);
  const Wide even2 = SubWide(kRow, difference04, b);

  const Row z3 = hn::Add(d[7], d[3]);
  const Row z4 = hn::Add(d[5], d[1]);
  const Wide odd_a = AddProducts(none, z3, z4, k1_175 - k1_961, k1_175);
  const Wide odd_b = AddProducts(none, z3, z4, k1_175, k1_175 - k0_390);
  const Wide odd3 = AddProducts(odd_a, d[7], d[1], k0_298 - k0_899, -k0_899);
  const Wide odd0 = AddProducts(odd_b, d[7], d[1], -k0_899, k1_501 - k0_899);
  const Wide odd2 = AddProducts(odd_b, d[5], d[3], k2_053 - k2_562, -k2_562);
  const Wide odd1 = AddProducts(odd_a, d[5], d[3], -k2_562, k3_072 - k2_562);

  Butterfly<kShift>(even0, odd0, d[0], d[7]);
  Butterfly<kShift>(even1, odd1, d[1], d[6]);
  Butterfly<kShift>(even2, odd2, d[2], d[5]);
  Butterfly<kShift>(even3, odd3, d[3], d[4]);
}

template <class D>
HWY_INLINE void Interleave(D d, const Row& a, const Row& b, Row& lower,
                           Row& upper) {
  const auto wide_a = hn::BitCast(d, a);
  const auto wide_b = hn::BitCast(d, b);
  lower = hn::BitCast(kRow, hn::InterleaveLower(d, wide_a, wide_b));
  upper = hn::BitCast(kRow, hn::InterleaveUpper(d, wide_a, wide_b));
}

// Each block by itself.
HWY_INLINE void Transpose(Block& d) {
  Block a;
  Block b;
  for (int i = 0; i < 4; ++i) {
    Interleave(kRow, d[2 * i], d[2 * i + 1], a[2 * i], a[2 * i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    Interleave(kRow32, a[i], a[i + 2], b[i], b[i + 1]);
    Interleave(kRow32, a[i + 1], a[i + 3], b[i + 2], b[i + 3]);
  }
  for (int i = 0; i < 4; ++i) {
    Interleave(kRow64, b[i], b[i + 4], d[2 * i], d[2 * i + 1]);
  }
}

HWY_INLINE void StoreSamples(const Block& d, uint8_t* out, ptrdiff_t stride) {
  const hn::Rebind<uint8_t, decltype(kRow)> bytes;
  const Row center = hn::Set(kRow, kCenter);
  for (int y = 0; y < 8; ++y) {
    const Row row = hn::SaturatedAdd(d[y], center);
    hn::StoreU(hn::DemoteTo(bytes, row), bytes, out + y * stride);
  }
}

// All ones in the blocks that have nothing but zeros in rows 1 to 7.
HWY_INLINE hn::Mask<decltype(kRow)> FlatBlocks(Row rows_1_to_7) {
  const auto halves = hn::BitCast(kRow64, rows_1_to_7);
  const auto other =
      hn::BitCast(kRow64, hn::Shuffle01(hn::BitCast(kRow64, rows_1_to_7)));
  const auto flat = hn::Eq(hn::Or(halves, other), hn::Zero(kRow64));
  return hn::MaskFromVec(hn::BitCast(kRow, hn::VecFromMask(kRow64, flat)));
}

HWY_INLINE void TransformBlocks(int16_t* coefficients, const Block& quantizers,
                                uint8_t* out, ptrdiff_t stride) {
  Block d;
  Row rows_1_to_7 = hn::Zero(kRow);
  for (int i = 0; i < 8; ++i) {
    int16_t* row = coefficients + i * kGroupRow;
    const Row raw = hn::Load(kRow, row);
    hn::Store(hn::Zero(kRow), kRow, row);
    d[i] = hn::Mul(raw, quantizers[i]);
    if (i > 0) rows_1_to_7 = hn::Or(rows_1_to_7, raw);
  }
  const auto flat = FlatBlocks(rows_1_to_7);
  const Row first = hn::ShiftLeft<kPassBits>(d[0]);
  Pass<kShift1>(d);
  if (HWY_UNLIKELY(!hn::AllFalse(kRow, flat))) {
    for (Row& row : d) row = hn::IfThenElse(flat, first, row);
  }
  Transpose(d);
  Pass<kShift2>(d);
  Transpose(d);
  StoreSamples(d, out, stride);
}

void InverseDct(int16_t* coefficients, int groups,
                const JpegQuantizers& quantizers, uint8_t* out,
                ptrdiff_t stride) {
  const hn::Full128<int16_t> row;
  const auto* factors = reinterpret_cast<const int16_t*>(quantizers.data());
  Block repeated;
  for (int i = 0; i < 8; ++i) {
    HWY_ALIGN int16_t lanes[kRowLanes];
    for (size_t x = 0; x < kRowLanes; x += 8) {
      hn::Store(hn::LoadU(row, factors + 8 * i), row, lanes + x);
    }
    repeated[i] = hn::Load(kRow, lanes);
  }
  for (int group = 0; group < groups; ++group) {
    for (size_t x = 0; x < kGroupRow; x += kRowLanes) {
      TransformBlocks(coefficients + x, repeated, out + x, stride);
    }
    coefficients += kGroupCoefficients;
    out += kGroupRow;
  }
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace millrace
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace millrace {
namespace {

int16_t Wrap(int value) { return static_cast<int16_t>(value); }

int16_t Saturate(int value) {
  return static_cast<int16_t>(std::clamp(value, -32768, 32767));
}

// d[0], d[step], ... d[7 * step].
void PassReference(int shift, int16_t* d, int step) {
  const auto in = [=](int i) -> int { return d[i * step]; };
  const int rounding = 1 << (shift - 1);
  const int sum04 = Wrap(in(0) + in(4)) * (1 << kFixedBits) + rounding;
  const int difference04 = Wrap(in(0) - in(4)) * (1 << kFixedBits) + rounding;
  const int a = in(2) * (k0_541 + k0_765) + in(6) * k0_541;
  const int b = in(2) * k0_541 + in(6) * (k0_541 - k1_847);
  const std::array<int, 4> even = {sum04 + a, difference04 + b,
                                   difference04 - b, sum04 - a};
  const int z3 = Wrap(in(7) + in(3));
  const int z4 = Wrap(in(5) + in(1));
  const int odd_a = z3 * (k1_175 - k1_961) + z4 * k1_175;
  const int odd_b = z3 * k1_175 + z4 * (k1_175 - k0_390);
  const std::array<int, 4> odd = {
      odd_b - in(7) * k0_899 + in(1) * (k1_501 - k0_899),
      odd_a - in(5) * k2_562 + in(3) * (k3_072 - k2_562),
      odd_b + in(5) * (k2_053 - k2_562) - in(3) * k2_562,
      odd_a + in(7) * (k0_298 - k0_899) - in(1) * k0_899};
  for (int i = 0; i < 4; ++i) {
    d[i * step] = Saturate((even[i] + odd[i]) >> shift);
    d[(7 - i) * step] = Saturate((even[i] - odd[i]) >> shift);
  }
}

void BlockReference(int16_t* coefficients, const JpegQuantizers& quantizers,
                    uint8_t* out, ptrdiff_t stride) {
  std::array<int16_t, 64> d;
  bool flat = true;
  for (int i = 0; i < 64; ++i) {
    int16_t& coefficient = coefficients[i / 8 * kGroupRow + i % 8];
    d[i] = Wrap(coefficient * static_cast<int16_t>(quantizers[i]));
    flat = flat && (i < 8 || coefficient == 0);
    coefficient = 0;
  }
  for (int x = 0; x < 8; ++x) {
    if (!flat) {
      PassReference(kShift1, &d[x], 8);
      continue;
    }
    const int16_t first = Wrap(d[x] * (1 << kPassBits));
    for (int y = 0; y < 8; ++y) d[8 * y + x] = first;
  }
  for (int y = 0; y < 8; ++y) {
    PassReference(kShift2, &d[8 * y], 1);
    for (int x = 0; x < 8; ++x) {
      out[y * stride + x] = std::clamp(d[8 * y + x] + kCenter, 0, 255);
    }
  }
}

}  // namespace

HWY_EXPORT(InverseDct);

void InverseDct(int16_t* coefficients, int groups,
                const JpegQuantizers& quantizers, uint8_t* out,
                ptrdiff_t stride) {
  HWY_DYNAMIC_DISPATCH(InverseDct)
  (coefficients, groups, quantizers, out, stride);
}

void InverseDctReference(int16_t* coefficients, int groups,
                         const JpegQuantizers& quantizers, uint8_t* out,
                         ptrdiff_t stride) {
  for (int group = 0; group < groups; ++group) {
    for (int block = 0; block < kGroupBlocks; ++block) {
      BlockReference(coefficients + 8 * block, quantizers, out + 8 * block,
                     stride);
    }
    coefficients += kGroupCoefficients;
    out += kGroupRow;
  }
}

}  // namespace millrace
#endif  // HWY_ONCE
