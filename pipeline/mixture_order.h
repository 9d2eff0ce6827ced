// An order over several datasets, mixed by weight: see Mixture in plan.proto.
//
//   t = epoch * positions + position         counts on over epochs
//   cycle = t / W, place = t mod W           W: sum of weights
//   place, permuted by the cycle --> the dataset, and its how-many-th turn
//   turn / M, turn mod M                     epoch and position of that dataset
//
// So quotas are exact in every cycle, any position is found at once, and each
// dataset's samples come once each in as many turns as it has samples.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "pipeline/epoch_order.h"

namespace millrace {

class MixtureOrder final : public EpochOrder {
 public:
  struct Part {
    std::unique_ptr<const EpochOrder> order;
    uint32_t weight = 1;  // At least 1.
    // All of the dataset's, selected or not: those of the next one follow.
    uint64_t samples = 0;
  };

  MixtureOrder(std::vector<Part> parts, uint64_t positions, bool shuffle,
               uint64_t seed);

  // Gives the `part`-th dataset an order of its own; part 0 has the plan's.
  static uint64_t SeedOf(uint64_t seed, uint64_t part);

  uint64_t positions() const override { return positions_; }
  uint64_t OrdinalAt(uint64_t epoch, uint64_t position) const override;

 private:
  struct Dataset {
    std::unique_ptr<const EpochOrder> order;
    uint64_t weight = 0;
    // Of a cycle's places, and of all ordinals.
    uint64_t first_place = 0;
    uint64_t first_ordinal = 0;
  };

  std::vector<Dataset> datasets_;
  const uint64_t positions_;
  const bool shuffle_;
  const uint64_t seed_;
  uint64_t cycle_ = 0;
};

}  // namespace millrace
