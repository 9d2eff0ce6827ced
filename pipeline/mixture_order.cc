#include "pipeline/mixture_order.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "pipeline/random.h"

namespace millrace {

namespace {

// Past the streams of every other order.
constexpr uint64_t kFirstStream = uint64_t{1} << 47;

}  // namespace

MixtureOrder::MixtureOrder(std::vector<Part> parts, uint64_t positions,
                           bool shuffle, uint64_t seed)
    : positions_(positions), shuffle_(shuffle), seed_(seed) {
  uint64_t ordinals = 0;
  for (Part& part : parts) {
    datasets_.push_back({std::move(part.order), part.weight, cycle_, ordinals});
    cycle_ += part.weight;
    ordinals += part.samples;
  }
}

uint64_t MixtureOrder::SeedOf(uint64_t seed, uint64_t part) {
  if (part == 0) return seed;
  return RandomDraws(
             {.seed = seed, .position = kFirstStream + part, .op = kOrderOp})
      .Bits();
}

uint64_t MixtureOrder::OrdinalAt(uint64_t epoch, uint64_t position) const {
  const uint64_t t = epoch * positions_ + position;
  const uint64_t cycle = t / cycle_;
  uint64_t place = t % cycle_;
  if (shuffle_) place = Permutation(cycle_, seed_, cycle, kFirstStream)(place);
  const auto above = std::upper_bound(datasets_.begin(), datasets_.end(), place,
                                      [](uint64_t wanted, const Dataset& one) {
                                        return wanted < one.first_place;
                                      });
  const Dataset& dataset = *std::prev(above);
  const uint64_t turn = cycle * dataset.weight + place - dataset.first_place;
  const uint64_t samples = dataset.order->positions();
  return dataset.first_ordinal +
         dataset.order->OrdinalAt(turn / samples, turn % samples);
}

}  // namespace millrace
