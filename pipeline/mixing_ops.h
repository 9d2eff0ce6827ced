// Transforms that mix the samples of a batch with each other.
//
// Samples meet inside of groups: neighbouring positions of an epoch, aligned,
// of which a rank always has all. So what becomes of a sample does not depend
// on the world size, nor on who makes it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "image/packed.h"
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

  // The samples of a group that have an image, as batches hold them: packed
  // images and rows of `classes` floats.
  struct Samples {
    PackedLayout layout;
    std::vector<void*> images;
    size_t classes = 0;
    std::vector<void*> labels;
  };
  // Group `group` is positions [group, group + 1) * group_size() of an epoch.
  void Mix(uint64_t epoch, uint64_t group, const Samples& samples) const;

  // What a CutMix of one share takes from another image.
  static Rect PartOf(const ImageSize& size, double share, RandomDraws* draws);

 private:
  struct Way {
    double alpha;
    bool cuts;
  };

  const uint64_t seed_;
  int group_size_ = 0;
  uint8_t place_ = 0;  // Of the first of `ways_` in the plan.
  std::vector<Way> ways_;
};

absl::Status Check(TransformRules* rules, v1::MixUp* mix_up);
absl::Status Check(TransformRules* rules, v1::CutMix* cut_mix);

// Null: there is nothing to do for a sample alone.
std::unique_ptr<const TransformOp> Compile(const v1::MixUp& mix_up);
std::unique_ptr<const TransformOp> Compile(const v1::CutMix& cut_mix);

}  // namespace millrace
