// Transforms that mix the samples of a batch with each other.
//
// Samples meet inside of groups: neighbouring positions of an epoch, aligned,
// of which a rank always has all. So what becomes of a sample does not depend
// on the world size, nor on who makes it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "pipeline/box_mixing.h"
#include "pipeline/shapes.h"
#include "pipeline/transform_op.h"
#include "pipeline/transform_rules.h"

namespace millrace {

// All transforms of a plan that mix. Immutable, thread-safe.
class BatchMixer {
 public:
  // `plan` is canonical.
  explicit BatchMixer(const v1::Plan& plan);

  // Samples that mix with each other; 0: none do.
  int group_size() const { return group_size_; }

  // Group `group` is positions [group, group + 1) * group_size() of an epoch.
  // False: its annotations are over the budget.
  bool Mix(uint64_t epoch, uint64_t group, const MixedSamples& samples) const;

  // What a CutMix of one share takes from another image.
  static Rect PartOf(const ImageSize& size, double share, RandomDraws* draws);

 private:
  using Way = std::function<bool(const MixedSamples&, RandomDraws*)>;

  // A transform at a place of the plan.
  template <typename Message>
  void Add(int place, const Message& message, Way way) {
    if (ways_.empty()) place_ = static_cast<uint8_t>(place);
    group_size_ = static_cast<int>(message.group());
    ways_.push_back(std::move(way));
  }

  const uint64_t seed_;
  int group_size_ = 0;
  uint8_t place_ = 0;  // Of the first of `ways_` in the plan.
  std::vector<Way> ways_;
};

absl::Status Check(TransformRules* rules, v1::MixUp* mix_up);
absl::Status Check(TransformRules* rules, v1::CutMix* cut_mix);
absl::Status Check(TransformRules* rules, v1::Mosaic* mosaic);
absl::Status Check(TransformRules* rules, v1::CopyPaste* copy_paste);

// Null: there is nothing to do for a sample alone.
std::unique_ptr<const TransformOp> Compile(const v1::MixUp& mix_up);
std::unique_ptr<const TransformOp> Compile(const v1::CutMix& cut_mix);
std::unique_ptr<const TransformOp> Compile(const v1::Mosaic& mosaic);
std::unique_ptr<const TransformOp> Compile(const v1::CopyPaste& copy_paste);

}  // namespace millrace
