#include "pipeline/grouped_order.h"

#include <algorithm>
#include <utility>

#include "pipeline/random.h"

namespace millrace {

namespace {

// The last group whose `first` is not past `value`; groups are not empty.
template <typename Group>
const Group& GroupAt(const std::vector<Group>& groups, uint64_t Group::*first,
                     uint64_t value) {
  const auto above = std::upper_bound(groups.begin(), groups.end(), value,
                                      [&](uint64_t wanted, const Group& group) {
                                        return wanted < group.*first;
                                      });
  return *std::prev(above);
}

}  // namespace

GroupedOrder::GroupedOrder(std::vector<OrdinalSet> groups, uint64_t batch,
                           bool shuffle, uint64_t seed)
    : batch_(batch), shuffle_(shuffle), seed_(seed) {
  for (OrdinalSet& samples : groups) {
    const uint64_t size = samples.cardinality();
    groups_.push_back({std::move(samples), size, whole_batches_, left_});
    positions_ += size;
    whole_batches_ += size / batch;
    left_ += size % batch;
  }
}

uint64_t GroupedOrder::LayoutOf(uint64_t epoch, uint64_t position) const {
  const uint64_t batches = positions_ / batch_;
  const uint64_t index = position / batch_;
  if (!shuffle_ || index == batches) return position;
  return Permutation(batches, seed_, epoch)(index) * batch_ + position % batch_;
}

uint64_t GroupedOrder::OrdinalAt(uint64_t epoch, uint64_t position) const {
  const uint64_t place = LayoutOf(epoch, position);
  const Group* group = nullptr;
  uint64_t index = 0;
  if (place < whole_batches_ * batch_) {
    group = &GroupAt(groups_, &Group::first_batch, place / batch_);
    index = place - group->first_batch * batch_;
  } else {
    uint64_t left = place - whole_batches_ * batch_;
    if (shuffle_) {
      RandomDraws draws({.seed = seed_,
                         .epoch = epoch,
                         .position = groups_.size() + 1,
                         .op = kOrderOp});
      left = (left + draws.Bits() % left_) % left_;
    }
    group = &GroupAt(groups_, &Group::first_left, left);
    index = group->size / batch_ * batch_ + left - group->first_left;
  }
  if (shuffle_) {
    // Stream 0 is that of the batches.
    const uint64_t stream = group - groups_.data() + 1;
    index = Permutation(group->size, seed_, epoch, stream)(index);
  }
  return Nth(group->samples, index);
}

}  // namespace millrace
