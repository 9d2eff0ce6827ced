// Sums of two 16-bit products in 32 bits, and what else Highway lacks, for
// kernels that are compiled once a target: hence no ordinary include guard.
#if defined(MILLRACE_IMAGE_PRODUCTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MILLRACE_IMAGE_PRODUCTS_INL_H_
#undef MILLRACE_IMAGE_PRODUCTS_INL_H_
#else
#define MILLRACE_IMAGE_PRODUCTS_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace millrace {
namespace HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128 && !HWY_HAVE_SCALABLE

namespace hn = hwy::HWY_NAMESPACE;

template <class D16>
using WideTag = hn::RepartitionToWide<D16>;

// The 32-bit lanes that belong to a vector of 16-bit ones. On x86, `lower` has
// the lower halves of all its 128-bit blocks; Narrow() knows that.
template <class D16>
struct WideVector {
  hn::Vec<WideTag<D16>> lower;
  hn::Vec<WideTag<D16>> upper;
};

#if HWY_ARCH_X86

// To bytes, saturated: of each 128 bits, those of `a` and then those of `b`.
HWY_INLINE hn::Vec128<uint8_t> PackWords(hn::Vec128<int16_t> a,
                                         hn::Vec128<int16_t> b) {
  return hn::Vec128<uint8_t>{_mm_packus_epi16(a.raw, b.raw)};
}
#if HWY_TARGET <= HWY_AVX2
HWY_INLINE hn::Vec256<uint8_t> PackWords(hn::Vec256<int16_t> a,
                                         hn::Vec256<int16_t> b) {
  return hn::Vec256<uint8_t>{_mm256_packus_epi16(a.raw, b.raw)};
}
#endif
#if HWY_TARGET <= HWY_AVX3
HWY_INLINE hn::Vec512<uint8_t> PackWords(hn::Vec512<int16_t> a,
                                         hn::Vec512<int16_t> b) {
  return hn::Vec512<uint8_t>{_mm512_packus_epi16(a.raw, b.raw)};
}
#endif

#endif

// Two factors, one for each vector.
struct Factors {
  int16_t a;
  int16_t b;
};

#if HWY_ARCH_X86

template <class D16>
HWY_INLINE hn::Vec<D16> Pairs(D16 d16, Factors factors) {
  const uint32_t pair = static_cast<uint16_t>(factors.a) |
                        uint32_t{static_cast<uint16_t>(factors.b)} << 16;
  return hn::BitCast(
      d16, hn::Set(hn::RepartitionToWide<hn::Rebind<uint16_t, D16>>(), pair));
}

// sum + a * factors.a + b * factors.b, in each lane. On x86, Highway's
// ReorderWidenMulAccumulate is one instruction that adds neighbours.
template <class D16>
HWY_INLINE WideVector<D16> AddProducts(D16 d16, WideVector<D16> sum,
                                       hn::Vec<D16> a, hn::Vec<D16> b,
                                       Factors factors) {
  const WideTag<D16> d32;
  const auto pairs = Pairs(d16, factors);
  auto unused = hn::Zero(d32);
  return {hn::ReorderWidenMulAccumulate(d32, hn::InterleaveLower(d16, a, b),
                                        pairs, sum.lower, unused),
          hn::ReorderWidenMulAccumulate(d32, hn::InterleaveUpper(d16, a, b),
                                        pairs, sum.upper, unused)};
}

// v << bits; 0 < bits <= 16.
template <int kBits, class D16>
HWY_INLINE WideVector<D16> WidenShifted(D16 d16, hn::Vec<D16> v) {
  const WideTag<D16> d32;
  const auto zero = hn::Zero(d16);
  const auto widen = [&](hn::Vec<D16> pairs) HWY_ATTR {
    return hn::ShiftRight<16 - kBits>(hn::BitCast(d32, pairs));
  };
  return {widen(hn::InterleaveLower(d16, zero, v)),
          widen(hn::InterleaveUpper(d16, zero, v))};
}

// To 16 bits, saturated.
template <class D16>
HWY_INLINE hn::Vec<D16> Narrow(D16 d16, WideVector<D16> v) {
  return hn::ReorderDemote2To(d16, v.lower, v.upper);
}

#else

template <class D16>
HWY_INLINE WideVector<D16> Widen(D16 d16, hn::Vec<D16> v) {
  const WideTag<D16> d32;
  const hn::Half<D16> half;
  return {hn::PromoteTo(d32, hn::LowerHalf(half, v)),
          hn::PromoteTo(d32, hn::UpperHalf(half, v))};
}

template <class D16>
HWY_INLINE WideVector<D16> AddProducts(D16 d16, WideVector<D16> sum,
                                       hn::Vec<D16> a, hn::Vec<D16> b,
                                       Factors factors) {
  const WideTag<D16> d32;
  const WideVector<D16> wide_a = Widen(d16, a);
  const WideVector<D16> wide_b = Widen(d16, b);
  const auto factor_a = hn::Set(d32, factors.a);
  const auto factor_b = hn::Set(d32, factors.b);
  const auto add = [&](auto sum, auto a, auto b) HWY_ATTR {
    return hn::Add(hn::Add(sum, hn::Mul(a, factor_a)), hn::Mul(b, factor_b));
  };
  return {add(sum.lower, wide_a.lower, wide_b.lower),
          add(sum.upper, wide_a.upper, wide_b.upper)};
}

template <int kBits, class D16>
HWY_INLINE WideVector<D16> WidenShifted(D16 d16, hn::Vec<D16> v) {
  const WideVector<D16> wide = Widen(d16, v);
  return {hn::ShiftLeft<kBits>(wide.lower), hn::ShiftLeft<kBits>(wide.upper)};
}

template <class D16>
HWY_INLINE hn::Vec<D16> Narrow(D16 d16, WideVector<D16> v) {
  const hn::Half<D16> half;
  return hn::Combine(d16, hn::DemoteTo(half, v.upper),
                     hn::DemoteTo(half, v.lower));
}

#endif  // HWY_ARCH_X86

template <class D16>
HWY_INLINE WideVector<D16> SetWide(D16, int32_t value) {
  const WideTag<D16> d32;
  return {hn::Set(d32, value), hn::Set(d32, value)};
}

template <class D16>
HWY_INLINE WideVector<D16> AddWide(D16, WideVector<D16> a, WideVector<D16> b) {
  return {hn::Add(a.lower, b.lower), hn::Add(a.upper, b.upper)};
}

template <class D16>
HWY_INLINE WideVector<D16> SubWide(D16, WideVector<D16> a, WideVector<D16> b) {
  return {hn::Sub(a.lower, b.lower), hn::Sub(a.upper, b.upper)};
}

// v >> bits, to 16 bits, saturated.
template <int kBits, class D16>
HWY_INLINE hn::Vec<D16> NarrowShifted(D16 d16, WideVector<D16> v) {
  return Narrow(d16, WideVector<D16>{hn::ShiftRight<kBits>(v.lower),
                                     hn::ShiftRight<kBits>(v.upper)});
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace millrace
HWY_AFTER_NAMESPACE();

#endif  // MILLRACE_IMAGE_PRODUCTS_INL_H_
