// The weights of Pillow's antialiased filters, and of any kernel, in fixed
// point.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace {

enum class Interpolation { kNearest, kBilinear, kBicubic };

// Bits after the point of a weight: 8 bits of the 32 are the pixel's, 2 guard
// the sum.
inline constexpr int kWeightBits = 32 - 8 - 2;

// Output row i is the sum of source rows [first(i), first(i) + count(i)), each
// times its weight, plus half, shifted right by kWeightBits and clipped to 8
// bits. Weights [count(i), stride) are 0. A view of a TapTable.
struct Taps {
  int first(int i) const { return spans[2 * i]; }
  int count(int i) const { return spans[2 * i + 1]; }
  const int* weights_of(int i) const {
    return weights + std::ptrdiff_t{i} * stride;
  }

  int size = 0;  // Output rows.
  const int* spans = nullptr;
  const int* weights = nullptr;
  int stride = 0;
};

// One direction of a resize or of a filter. Keeps its memory between calls.
class TapTable {
 public:
  // The taps of output pixels [first, first + count) when `source` pixels
  // become `target`. kBilinear or kBicubic; all sizes at least 1.
  void Find(int source, int target, Interpolation interpolation, int first,
            int count) {
    Find(source, 0, source, target, interpolation, first, count);
  }
  // The same where [begin, end) of the source's pixels becomes `target`:
  // within [0, source], borders within pixels allowed. `mirrored`: those of the
  // last output pixel come first.
  void Find(int source, double begin, double end, int target,
            Interpolation interpolation, int first, int count,
            bool mirrored = false);

  // The taps of all `size` pixels, each the sum of its neighbours times
  // `kernel` (an odd number of weights, the middle one its own). Beyond the
  // edges come the pixels inside of them again, mirrored.
  void Mirror(int size, const std::vector<double>& kernel);

  // The source pixels that they need; taps() count from source_first().
  int source_first() const { return source_first_; }
  int source_count() const { return source_count_; }

  Taps taps() const {
    return {static_cast<int>(spans_.size() / 2), spans_.data(), weights_.data(),
            stride_};
  }

 private:
  int source_first_ = 0;
  int source_count_ = 0;
  int stride_ = 0;
  std::vector<int> spans_;
  std::vector<int> weights_;
  // Of a few pixels.
  std::vector<double> exact_;
  std::vector<int> by_tap_;
};

}  // namespace millrace
