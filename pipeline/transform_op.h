// The seam of the transforms. A family of them (crop_ops.h, resize_ops.h, ...)
// has for each message of plan.proto
//
//   absl::Status Check(TransformRules* rules, v1::CenterCrop* crop);
//   std::unique_ptr<const TransformOp> Compile(const v1::CenterCrop& crop);
//
// and a line in transform_catalogue.h.
#pragma once

#include <optional>

#include "pipeline/random.h"
#include "pipeline/sample_program.h"
#include "pipeline/shapes.h"

namespace millrace {

// A transform of a plan, compiled. Immutable, thread-safe.
class TransformOp {
 public:
  virtual ~TransformOp() = default;

  // Adds what becomes of one sample. `draws` are of this transform and sample
  // alone; all that is random comes from them.
  virtual void Add(RandomDraws* draws, SampleProgram* program) const = 0;

  // The size that all outputs have; `input` is the size of every input, absent
  // if they differ. Absent if outputs differ too.
  virtual std::optional<ImageSize> FixedSize(
      std::optional<ImageSize> input) const {
    return input;
  }

  // True if it asks for SampleProgram::Boxes().
  virtual bool looks_at_boxes() const { return false; }
};

}  // namespace millrace
