// Random numbers that are the same everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::demo {

// SplitMix64. Different streams of one seed are independent of each other.
class Random {
 public:
  Random(uint64_t seed, uint64_t stream);

  uint64_t Next();
  // [0, 1).
  double Unit();
  // [low, high).
  double Between(double low, double high);
  // 0 .. count - 1.
  int Below(int count);
  // Roughly normal, mean 0, within three and a half times `deviation`.
  double Jitter(double deviation);
  bool Chance(double probability) { return Unit() < probability; }

  template <typename T>
  const T& Pick(const std::vector<T>& choices) {
    return choices[Below(static_cast<int>(choices.size()))];
  }

 private:
  uint64_t state_;
};

}  // namespace millrace::demo
