// The transforms of a plan, compiled: for a sample of some size at some
// position, the program that they make.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "millrace/v1/plan.pb.h"
#include "pipeline/sample_program.h"
#include "pipeline/transform_op.h"

namespace millrace {

// Where a sample stands in its plan, for random choices.
struct SamplePlace {
  uint64_t seed = 0;
  uint64_t epoch = 0;
  uint64_t position = 0;
};

// Immutable, thread-safe.
class ImageTransforms {
 public:
  // `plan` is canonical (see canonical_plan.h).
  explicit ImageTransforms(const v1::Plan& plan);

  // True if every image stays as it is.
  bool empty() const { return steps_.empty(); }
  // True if ProgramOf needs the boxes of the sample's annotations.
  bool looks_at_boxes() const;

  SampleProgram ProgramOf(const ImageSize& input, const SamplePlace& place,
                          std::vector<Corners> boxes = {}) const;

  // The size that all outputs have; `input` is the size of every image, absent
  // if they differ. Absent if outputs differ too.
  std::optional<ImageSize> FixedOutputSize(
      std::optional<ImageSize> input) const;

 private:
  struct Step {
    std::unique_ptr<const TransformOp> op;
    uint8_t place;  // Index into the plan's transforms.
  };
  std::vector<Step> steps_;
};

}  // namespace millrace
