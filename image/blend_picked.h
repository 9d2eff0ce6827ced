// Weighted sums along rows, of pixels where they lie: each vector of sums picks
// its bytes out of 64 neighbours by one instruction. For CPUs that have one
// (AVX-512 with VBMI and VNNI); blend_columns.h does without.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/blend.h"

namespace millrace {

class PickedColumns {
 public:
  // False: not on this CPU, or not with these taps, of which there are too many
  // or which lie too far apart; then Blend() must not be called. From pixel to
  // pixel, the taps' ends move one way, as those of a TapTable do.
  // `source_bytes` is a row's length.
  bool Prepare(const Taps& taps, int channels, int source_bytes);

  // Writes a row of taps.size pixels for each of `count` rows of `source`,
  // which must not overlap.
  void Blend(const ConstRows& source, int count, const Rows& out) const;

  // Two taps of 16 sums, each in the halves of a number: where their bytes lie
  // in the window, and their weights, of which `high` counts 2^12 times.
  struct alignas(64) Pair {
    std::array<uint32_t, 16> picks;
    std::array<uint32_t, 16> low;
    std::array<uint32_t, 16> high;
  };
  // 16 bytes of an output row, and the 64 bytes of the source that they are
  // made of.
  struct Group {
    int out;
    int source;
  };

 private:
  bool PlaceGroup(const Taps& taps, int channels, int source_bytes,
                  Group* group, Pair* pairs) const;

  std::vector<Group> groups_;
  // Of each group.
  int pairs_per_group_ = 0;
  std::vector<Pair> pairs_;
};

}  // namespace millrace
