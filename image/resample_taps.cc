#include "image/resample_taps.h"

#include <algorithm>
#include <array>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/resample_taps.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef MILLRACE_RESAMPLE_TAPS_ONCE
#define MILLRACE_RESAMPLE_TAPS_ONCE

namespace millrace {
namespace {

constexpr double kOne = 1 << kWeightBits;

// One direction of a resize.
struct Axis {
  Axis(int source_size, double box_begin, double box_end, int target,
       Interpolation interpolation)
      : source(source_size),
        begin(box_begin),
        scale((box_end - box_begin) / target),
        stretch(std::max(scale, 1.0)),
        cubic(interpolation == Interpolation::kBicubic),
        support((cubic ? 2 : 1) * stretch) {}

  // The most taps of any pixel.
  int max_taps() const {
    return std::min(source, static_cast<int>(std::ceil(support)) * 2 + 1);
  }

  int source;
  double begin;
  double scale;
  double stretch;
  bool cubic;
  double support;
};

// Of output pixels that lie side by side; those of tap i are at
// weights[kMaxPixels * i].
constexpr int kMaxPixels = 8;

struct PixelTaps {
  std::array<int, kMaxPixels> first;
  std::array<int, kMaxPixels> count;
  int* weights;
  // Working memory of the size of `weights`.
  double* exact;
};

}  // namespace
}  // namespace millrace

#endif  // MILLRACE_RESAMPLE_TAPS_ONCE

HWY_BEFORE_NAMESPACE();
namespace millrace {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr hn::CappedTag<double, kMaxPixels> kDoubles;
constexpr hn::Rebind<int32_t, decltype(kDoubles)> kInts;
using Doubles = hn::Vec<decltype(kDoubles)>;

HWY_INLINE Doubles Of(double value) { return hn::Set(kDoubles, value); }

HWY_INLINE Doubles Triangle(Doubles x) {
  return hn::Max(Of(0), hn::Sub(Of(1), hn::Abs(x)));
}

// Keys's cubic, a = -0.5.
HWY_INLINE Doubles Cubic(Doubles signed_x) {
  constexpr double a = -0.5;
  const Doubles x = hn::Abs(signed_x);
  // ((a + 2) * x - (a + 3)) * x * x + 1
  const Doubles inner = hn::Sub(hn::Mul(Of(a + 2), x), Of(a + 3));
  const Doubles near = hn::Add(hn::Mul(hn::Mul(inner, x), x), Of(1));
  // (((x - 5) * x + 8) * x - 4) * a
  const Doubles outer = hn::Add(hn::Mul(hn::Sub(x, Of(5)), x), Of(8));
  const Doubles far = hn::Mul(hn::Sub(hn::Mul(outer, x), Of(4)), Of(a));
  return hn::IfThenElse(hn::Lt(x, Of(1)), near,
                        hn::IfThenElseZero(hn::Lt(x, Of(2)), far));
}

HWY_INLINE hn::Vec<decltype(kInts)> FixedPoint(Doubles weight) {
  const Doubles fixed = hn::Mul(weight, Of(kOne));
  const Doubles half = hn::IfThenElse(hn::Lt(weight, Of(0)), Of(-0.5), Of(0.5));
  return hn::DemoteTo(kInts, hn::Add(fixed, half));
}

// Of pixels from `out` on. Returns how many they are.
int FindTaps(const Axis& axis, int out, PixelTaps* taps) {
  const Doubles pixel = hn::Iota(kDoubles, out);
  const Doubles center =
      hn::Add(Of(axis.begin), hn::Mul(hn::Add(pixel, Of(0.5)), Of(axis.scale)));
  const Doubles support = Of(axis.support);
  const Doubles first =
      hn::Max(Of(0), hn::Trunc(hn::Add(hn::Sub(center, support), Of(0.5))));
  const Doubles end = hn::Min(
      Of(axis.source), hn::Trunc(hn::Add(hn::Add(center, support), Of(0.5))));
  const Doubles count = hn::Sub(end, first);
  hn::StoreU(hn::DemoteTo(kInts, first), kInts, taps->first.data());
  hn::StoreU(hn::DemoteTo(kInts, count), kInts, taps->count.data());

  const int most = axis.max_taps();
  const Doubles unit = Of(1.0 / axis.stretch);
  Doubles total = Of(0);
  for (int i = 0; i < most; ++i) {
    const Doubles distance =
        hn::Add(hn::Sub(hn::Add(Of(i), first), center), Of(0.5));
    const Doubles x = hn::Mul(distance, unit);
    const Doubles weight = hn::IfThenElseZero(
        hn::Lt(Of(i), count), axis.cubic ? Cubic(x) : Triangle(x));
    total = hn::Add(total, weight);
    hn::StoreU(weight, kDoubles, taps->exact + ptrdiff_t{kMaxPixels} * i);
  }
  total = hn::IfThenElse(hn::Eq(total, Of(0)), Of(1), total);
  for (int i = 0; i < most; ++i) {
    const ptrdiff_t at = ptrdiff_t{kMaxPixels} * i;
    const Doubles weight = hn::LoadU(kDoubles, taps->exact + at);
    hn::StoreU(FixedPoint(hn::Div(weight, total)), kInts, taps->weights + at);
  }
  return static_cast<int>(hn::Lanes(kDoubles));
}

}  // namespace HWY_NAMESPACE
}  // namespace millrace
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace millrace {

HWY_EXPORT(FindTaps);

namespace {

int FixedPoint(double weight) {
  const double fixed = weight * kOne;
  return static_cast<int>(weight < 0 ? fixed - 0.5 : fixed + 0.5);
}

// Where index `i` of an endless row of mirror images lies in the first one.
int Mirrored(int i, int size) {
  if (size == 1) return 0;
  const int period = 2 * (size - 1);
  i = std::abs(i) % period;
  return std::min(i, period - i);
}

}  // namespace

void TapTable::Find(int source, double begin, double end, int target,
                    Interpolation interpolation, int first, int count,
                    bool mirrored) {
  const Axis axis(source, begin, end, target, interpolation);
  const auto find_taps = HWY_DYNAMIC_DISPATCH(FindTaps);
  stride_ = axis.max_taps();
  exact_.resize(size_t{kMaxPixels} * stride_);
  by_tap_.resize(exact_.size());
  spans_.resize(size_t{2} * count);
  weights_.resize(size_t{1} * stride_ * count);
  PixelTaps taps = {.weights = by_tap_.data(), .exact = exact_.data()};
  for (int begun = 0; begun < count;) {
    const int found = find_taps(axis, first + begun, &taps);
    if (begun == 0) source_first_ = taps.first[0];
    const int end_of_found = std::min(begun + found, count);
    for (int pixel = 0; begun < end_of_found; ++pixel, ++begun) {
      const int i = mirrored ? count - 1 - begun : begun;
      spans_[2 * i] = taps.first[pixel] - source_first_;
      spans_[2 * i + 1] = taps.count[pixel];
      int* weights = weights_.data() + ptrdiff_t{1} * stride_ * i;
      for (int tap = 0; tap < stride_; ++tap) {
        weights[tap] = by_tap_[kMaxPixels * tap + pixel];
      }
    }
  }
  const int last = mirrored ? 0 : count - 1;
  source_count_ = spans_[2 * last] + spans_[2 * last + 1];
}

void TapTable::Mirror(int size, const std::vector<double>& kernel) {
  const int reach = static_cast<int>(kernel.size() / 2);
  source_first_ = 0;
  source_count_ = size;
  stride_ = static_cast<int>(kernel.size());
  spans_.resize(size_t{2} * size);
  weights_.resize(size_t{1} * stride_ * size);
  for (int i = 0; i < size; ++i) {
    // Mirroring leads back into this span.
    const int first = std::max(0, i - reach);
    const int count = std::min(size, i + reach + 1) - first;
    exact_.assign(stride_, 0);
    for (int k = 0; k < stride_; ++k) {
      exact_[Mirrored(i - reach + k, size) - first] += kernel[k];
    }
    spans_[2 * i] = first;
    spans_[2 * i + 1] = count;
    std::ranges::transform(
        exact_, weights_.begin() + ptrdiff_t{1} * stride_ * i, FixedPoint);
  }
}

}  // namespace millrace
#endif  // HWY_ONCE
