// Which sample stands at which position of an epoch: a pure function, O(1) in
// memory and time (but for the bitmaps of selections).
//
// Other orders: drawn_order.h, grouped_order.h; sampler.h makes the one that a
// plan asks for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "storage/sample_store.h"

namespace millrace {

// A keyed bijection of [0, size), for size up to 2^48: a Feistel network over
// the next power of two, walked until it falls inside. Another `stream` gives
// another, independent one.
class Permutation {
 public:
  Permutation(uint64_t size, uint64_t seed, uint64_t epoch,
              uint64_t stream = 0);
  uint64_t operator()(uint64_t position) const;  // position < size

 private:
  uint64_t Encrypt(uint64_t value) const;

  uint64_t size_;
  int low_bits_;
  int high_bits_;
  uint64_t keys_[8];
};

// Immutable, thread-safe.
class EpochOrder {
 public:
  virtual ~EpochOrder() = default;

  // M: the positions of an epoch.
  virtual uint64_t positions() const = 0;

  // The ordinal at a position < positions().
  virtual uint64_t OrdinalAt(uint64_t epoch, uint64_t position) const = 0;

  // Those at `count` positions from `first` on; quicker than one by one.
  virtual std::vector<uint64_t> OrdinalsAt(uint64_t epoch, uint64_t first,
                                           size_t count) const;
};

// Each selected sample once an epoch.
class PlainOrder final : public EpochOrder {
 public:
  // `selected`: the ordinals that take part; absent: all of [0, samples).
  PlainOrder(uint64_t samples, std::optional<OrdinalSet> selected, bool shuffle,
             uint64_t seed);

  uint64_t positions() const override { return positions_; }
  uint64_t OrdinalAt(uint64_t epoch, uint64_t position) const override;
  std::vector<uint64_t> OrdinalsAt(uint64_t epoch, uint64_t first,
                                   size_t count) const override;

 private:
  std::optional<OrdinalSet> selected_;
  uint64_t positions_;
  bool shuffle_;
  uint64_t seed_;
};

// The `index`-th smallest of a set that has more.
uint64_t Nth(const OrdinalSet& ordinals, uint64_t index);

}  // namespace millrace
