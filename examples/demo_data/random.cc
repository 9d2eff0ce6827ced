#include "examples/demo_data/random.h"

namespace millrace::demo {

Random::Random(uint64_t seed, uint64_t stream) : state_(seed) {
  state_ = Next() ^ (stream * 0xD1342543DE82EF95);
}

uint64_t Random::Next() {
  uint64_t z = state_ += 0x9E3779B97F4A7C15;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
  z = (z ^ z >> 27) * 0x94D049BB133111EB;
  return z ^ z >> 31;
}

double Random::Unit() {
  return static_cast<double>(Next() >> 11) / 9007199254740992.0;
}

double Random::Between(double low, double high) {
  return low + (high - low) * Unit();
}

int Random::Below(int count) { return static_cast<int>(Unit() * count); }

double Random::Jitter(double deviation) {
  // The sum of four uniform numbers has a variance of a third.
  double sum = -2;
  for (int i = 0; i < 4; ++i) sum += Unit();
  return sum * 1.7320508 * deviation;
}

}  // namespace millrace::demo
