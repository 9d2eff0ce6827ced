#include "pipeline/drawn_order.h"

#include <algorithm>
#include <utility>

#include "pipeline/random.h"

namespace millrace {

DrawnOrder::DrawnOrder(std::vector<Stratum> strata, uint64_t positions,
                       uint64_t seed)
    : positions_(positions), seed_(seed) {
  double weight = 0;
  for (Stratum& stratum : strata) {
    const uint64_t size = stratum.samples.cardinality();
    if (size == 0 || stratum.weight <= 0) continue;
    weight += stratum.weight;
    strata_.push_back({std::move(stratum.samples), size, weight});
  }
}

uint64_t DrawnOrder::OrdinalAt(uint64_t epoch, uint64_t position) const {
  RandomDraws draws(
      {.seed = seed_, .epoch = epoch, .position = position, .op = kOrderOp});
  const double weight = draws.Uniform() * strata_.back().weight;
  // Rounding can reach the total: then it is the last one.
  const auto stratum = std::upper_bound(
      strata_.begin(), std::prev(strata_.end()), weight,
      [](double drawn, const Drawn& one) { return drawn < one.weight; });
  const auto index = static_cast<uint64_t>(draws.Uniform() *
                                           static_cast<double>(stratum->size));
  return Nth(stratum->samples, std::min(index, stratum->size - 1));
}

}  // namespace millrace
