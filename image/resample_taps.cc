#include "image/resample_taps.h"

#include <algorithm>
#include <cmath>

namespace millrace {
namespace {

double Triangle(double x) { return std::max(0.0, 1.0 - std::abs(x)); }

// Keys's cubic, a = -0.5.
double Cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

int FixedPoint(double weight) {
  const double fixed = weight * (1 << kWeightBits);
  return static_cast<int>(weight < 0 ? fixed - 0.5 : fixed + 0.5);
}

// Where index `i` of an endless row of mirror images lies in the first one.
int Mirrored(int i, int size) {
  if (size == 1) return 0;
  const int period = 2 * (size - 1);
  i = std::abs(i) % period;
  return std::min(i, period - i);
}

struct Span {
  int first;
  int count;
};

class Axis {
 public:
  Axis(int source, double begin, double end, int target, bool cubic)
      : source_(source),
        begin_(begin),
        scale_((end - begin) / target),
        stretch_(std::max(scale_, 1.0)),
        support_((cubic ? 2 : 1) * stretch_),
        cubic_(cubic) {}

  Span TapsOf(int out) const {
    const double center = Center(out);
    const int first = std::max(0, static_cast<int>(center - support_ + 0.5));
    const int end =
        std::min(source_, static_cast<int>(center + support_ + 0.5));
    return {first, end - first};
  }

  // The most taps of any pixel.
  int max_taps() const { return static_cast<int>(std::ceil(support_)) * 2 + 1; }

  // Writes the fixed-point weights of `span`, the taps of `out`. `exact` has
  // room for max_taps().
  void Weights(int out, const Span& span, double* exact, int* weights) const {
    const double center = Center(out);
    const double unit = 1.0 / stretch_;
    double total = 0;
    for (int i = 0; i < span.count; ++i) {
      const double x = (i + span.first - center + 0.5) * unit;
      exact[i] = cubic_ ? Cubic(x) : Triangle(x);
      total += exact[i];
    }
    if (total == 0) total = 1;
    for (int i = 0; i < span.count; ++i) {
      weights[i] = FixedPoint(exact[i] / total);
    }
  }

 private:
  double Center(int out) const { return begin_ + (out + 0.5) * scale_; }

  int source_;
  double begin_;
  double scale_;
  double stretch_;
  double support_;
  bool cubic_;
};

}  // namespace

void TapTable::Find(int source, double begin, double end, int target,
                    Interpolation interpolation, int first, int count,
                    bool mirrored) {
  const Axis axis(source, begin, end, target,
                  interpolation == Interpolation::kBicubic);
  const Span last = axis.TapsOf(first + count - 1);
  source_first_ = axis.TapsOf(first).first;
  source_count_ = last.first + last.count - source_first_;
  stride_ = axis.max_taps();
  exact_.resize(stride_);
  spans_.resize(size_t{2} * count);
  weights_.resize(size_t{1} * stride_ * count);
  for (int i = 0; i < count; ++i) {
    const int out = mirrored ? first + count - 1 - i : first + i;
    const Span span = axis.TapsOf(out);
    spans_[2 * i] = span.first - source_first_;
    spans_[2 * i + 1] = span.count;
    axis.Weights(out, span, exact_.data(),
                 weights_.data() + size_t{1} * stride_ * i);
  }
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
    exact_.assign(count, 0);
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
