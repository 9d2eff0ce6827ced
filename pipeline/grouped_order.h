// An order whose batches hold samples of one group, such as images of like
// shape.
//
//   layout:  [group 0's whole batches][group 1's] ... [what is left of each]
//   epoch:   the batches of the layout, permuted; then the rest that fills no
//            batch
//
// Within a group the samples are permuted too, so each epoch leaves other ones
// over. What is left over lies in the order of groups, turned by a random
// amount, so that batches made of it mix few groups, and no group is always
// the last one, whose rest is dropped.
#pragma once

#include <cstdint>
#include <vector>

#include "pipeline/epoch_order.h"

namespace millrace {

class GroupedOrder final : public EpochOrder {
 public:
  // `groups` are disjoint, with at least one sample together; each comes once
  // an epoch. `batch`: the global batch size.
  GroupedOrder(std::vector<OrdinalSet> groups, uint64_t batch, bool shuffle,
               uint64_t seed);

  uint64_t positions() const override { return positions_; }
  uint64_t OrdinalAt(uint64_t epoch, uint64_t position) const override;

 private:
  struct Group {
    OrdinalSet samples;
    uint64_t size = 0;
    // Of the layout's whole batches, and of the samples left over.
    uint64_t first_batch = 0;
    uint64_t first_left = 0;
  };

  // Where the epoch's position stands in the layout.
  uint64_t LayoutOf(uint64_t epoch, uint64_t position) const;

  std::vector<Group> groups_;
  const uint64_t batch_;
  const bool shuffle_;
  const uint64_t seed_;
  uint64_t positions_ = 0;
  uint64_t whole_batches_ = 0;
  uint64_t left_ = 0;
};

}  // namespace millrace
