// A batch of the stream as models want it: floats and class indices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "client/batch_stream.h"

namespace millrace::digits {

struct Samples {
  std::vector<float> pixels;  // [size, features]; bytes become 0..1
  std::vector<int> labels;
  // Of one image, in the plan's layout; its product is `features`.
  std::vector<int64_t> shape;
  int features = 0;

  size_t size() const { return labels.size(); }
  absl::Span<const float> x(size_t i) const {
    return absl::MakeConstSpan(pixels).subspan(i * features, features);
  }
};

// Leaves out padding and samples without a label. Uses the memory of *samples
// again. INVALID_ARGUMENT if the plan gives other tensors than images of UINT8
// or FLOAT32 and int64 labels below `classes`.
absl::Status Unpack(const client::ReceivedBatch& batch, int classes,
                    Samples* samples);

// Streams to the end that `options` names and calls `use` with each batch; ends
// with the first error, be it the stream's, of Unpack() or of `use`.
absl::Status ForEachBatch(client::BatchStreamOptions options, int classes,
                          absl::FunctionRef<absl::Status(const Samples&)> use);

}  // namespace millrace::digits
