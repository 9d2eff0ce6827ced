// Random numbers that can be asked for in any order: a pure function of where
// they are used, with no state to share or to lose.
//
// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as
// 1, 2, 3" (SC 2011); Philox4x32 with 10 rounds, tested with its authors'
// known answers.
#pragma once

#include <array>
#include <cstdint>

namespace millrace {

using PhiloxBlock = std::array<uint32_t, 4>;

PhiloxBlock Philox4x32(PhiloxBlock counter, std::array<uint32_t, 2> key);

// Where a random decision is taken. Two different places give independent
// numbers.
struct RandomPlace {
  uint64_t seed = 0;
  uint64_t epoch = 0;     // Below 2^48.
  uint64_t position = 0;  // Below 2^48.
  uint8_t op = 0;         // Place of the transform in its plan; 255: the order.
};

inline constexpr uint8_t kOrderOp = 255;

// The draws of one place, one after the other; at most 2^25. Cheap to
// make.
class RandomDraws {
 public:
  explicit RandomDraws(const RandomPlace& place) : place_(place) {}

  // 64 random bits.
  uint64_t Bits();

  // In [0, 1), a multiple of 2^-53.
  double Uniform();

  // In [lower, upper), up to rounding.
  double Uniform(double lower, double upper) {
    return lower + (upper - lower) * Uniform();
  }

  // A whole number in [0, count); count at least 1.
  int Below(int count) { return static_cast<int>(Uniform() * count); }

 private:
  RandomPlace place_;
  PhiloxBlock block_{};
  int used_ = 0;  // Halves of blocks.
};

}  // namespace millrace
