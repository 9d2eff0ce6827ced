// An order that draws each position by itself, with replacement: weighted and
// class-balanced sampling.
#pragma once

#include <cstdint>
#include <vector>

#include "pipeline/epoch_order.h"

namespace millrace {

// Samples that are drawn with one chance each; drawn together in proportion to
// `weight`, which is finite and not negative.
struct Stratum {
  OrdinalSet samples;
  double weight = 0;
};

class DrawnOrder final : public EpochOrder {
 public:
  // Strata without samples or weight are left out; one must remain. They may
  // overlap.
  DrawnOrder(std::vector<Stratum> strata, uint64_t positions, uint64_t seed);

  uint64_t positions() const override { return positions_; }
  // Draws a stratum, then a sample of it, from the counter-based generator at
  // (seed, epoch, position).
  uint64_t OrdinalAt(uint64_t epoch, uint64_t position) const override;

 private:
  struct Drawn {
    OrdinalSet samples;
    uint64_t size = 0;
    // Of this and all before it.
    double weight = 0;
  };

  std::vector<Drawn> strata_;
  const uint64_t positions_;
  const uint64_t seed_;
};

}  // namespace millrace
