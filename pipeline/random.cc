#include "pipeline/random.h"

namespace millrace {

namespace {

constexpr uint32_t kMultiplier0 = 0xD2511F53;
constexpr uint32_t kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9;
constexpr uint32_t kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

// Counter: epoch in word 0 and the low half of word 1, position in word 2 and
// the low half of word 3. The upper halves: bits 8 to 23 of the block's number;
// the op, and bits 0 to 7 of the number.
PhiloxBlock CounterOf(const RandomPlace& place, uint32_t block) {
  return {static_cast<uint32_t>(place.epoch),
          static_cast<uint32_t>(place.epoch >> 32 & 0xFFFF) | block >> 8 << 16,
          static_cast<uint32_t>(place.position),
          static_cast<uint32_t>(place.position >> 32 & 0xFFFF) |
              uint32_t{place.op} << 16 | block << 24};
}

}  // namespace

PhiloxBlock Philox4x32(PhiloxBlock counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t product0 = uint64_t{kMultiplier0} * counter[0];
    const uint64_t product1 = uint64_t{kMultiplier1} * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0],
               static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1],
               static_cast<uint32_t>(product0)};
    key = {key[0] + kWeyl0, key[1] + kWeyl1};
  }
  return counter;
}

uint64_t RandomDraws::Bits() {
  const int half = used_ % 2;
  if (half == 0) {
    block_ = Philox4x32(CounterOf(place_, used_ / 2),
                        {static_cast<uint32_t>(place_.seed),
                         static_cast<uint32_t>(place_.seed >> 32)});
  }
  ++used_;
  return uint64_t{block_[2 * half + 1]} << 32 | block_[2 * half];
}

double RandomDraws::Uniform() {
  return static_cast<double>(Bits() >> 11) * 0x1p-53;
}

}  // namespace millrace
