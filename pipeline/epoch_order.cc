#include "pipeline/epoch_order.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

#include "pipeline/random.h"

namespace millrace {

namespace {

// Halves of fewer bits mix too little; a small size walks more instead.
constexpr int kMinBits = 10;

// The finaliser of MurmurHash3: every bit of the sum reaches every bit.
uint64_t Mix(uint64_t value, uint64_t key) {
  value += key;
  value = (value ^ value >> 33) * 0xFF51AFD7ED558CCDu;
  value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53u;
  return value ^ value >> 33;
}

}  // namespace

Permutation::Permutation(uint64_t size, uint64_t seed, uint64_t epoch,
                         uint64_t stream)
    : size_(size) {
  const int bits =
      std::max<int>(kMinBits, std::bit_width(std::max<uint64_t>(size, 1) - 1));
  low_bits_ = bits / 2;
  high_bits_ = bits - low_bits_;
  RandomDraws draws(
      {.seed = seed, .epoch = epoch, .position = stream, .op = kOrderOp});
  for (uint64_t& key : keys_) key = draws.Bits();
}

uint64_t Permutation::operator()(uint64_t position) const {
  uint64_t value = Encrypt(position);
  while (value >= size_) value = Encrypt(value);
  return value;
}

uint64_t Permutation::Encrypt(uint64_t value) const {
  const uint64_t low_mask = (uint64_t{1} << low_bits_) - 1;
  const uint64_t high_mask = (uint64_t{1} << high_bits_) - 1;
  uint64_t low = value & low_mask;
  uint64_t high = value >> low_bits_;
  for (int round = 0; round < 8; round += 2) {
    high ^= Mix(low, keys_[round]) & high_mask;
    low ^= Mix(high, keys_[round + 1]) & low_mask;
  }
  return high << low_bits_ | low;
}

std::vector<uint64_t> EpochOrder::OrdinalsAt(uint64_t epoch, uint64_t first,
                                             size_t count) const {
  std::vector<uint64_t> ordinals(count);
  for (size_t i = 0; i < count; ++i) ordinals[i] = OrdinalAt(epoch, first + i);
  return ordinals;
}

PlainOrder::PlainOrder(uint64_t samples, std::optional<OrdinalSet> selected,
                       bool shuffle, uint64_t seed)
    : selected_(std::move(selected)),
      positions_(selected_ ? selected_->cardinality() : samples),
      shuffle_(shuffle),
      seed_(seed) {}

uint64_t PlainOrder::OrdinalAt(uint64_t epoch, uint64_t position) const {
  return OrdinalsAt(epoch, position, 1)[0];
}

std::vector<uint64_t> PlainOrder::OrdinalsAt(uint64_t epoch, uint64_t first,
                                             size_t count) const {
  std::vector<uint64_t> ordinals(count);
  std::iota(ordinals.begin(), ordinals.end(), first);
  if (shuffle_) {
    std::transform(ordinals.begin(), ordinals.end(), ordinals.begin(),
                   Permutation(positions_, seed_, epoch));
  }
  if (selected_) {
    for (uint64_t& ordinal : ordinals) ordinal = Nth(*selected_, ordinal);
  }
  return ordinals;
}

uint64_t Nth(const OrdinalSet& ordinals, uint64_t index) {
  uint64_t ordinal = 0;
  ordinals.select(index, &ordinal);  // Fails only past the cardinality.
  return ordinal;
}

}  // namespace millrace
