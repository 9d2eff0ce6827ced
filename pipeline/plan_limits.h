// What a plan may ask for at most.
#pragma once

#include <cstdint>

namespace millrace {

// Hundreds of thousands of boxes.
inline constexpr uint64_t kMaxUnmaskedRaggedBytes = uint64_t{16} << 20;

struct PlanLimits {
  uint32_t max_batch_size = 65536;
  // Side of an output image, in pixels.
  uint32_t max_side = 8192;
  // Fixed-size tensors of one batch of one rank.
  uint64_t max_batch_bytes = uint64_t{1} << 30;
  // At most 255.
  uint32_t max_transforms = 64;
  uint32_t max_selection_keys = 1'000'000;
  // Ragged values of one batch of one rank that has masks. One that has only
  // boxes and keypoints gets kMaxUnmaskedRaggedBytes if that is less.
  uint64_t max_ragged_bytes = uint64_t{128} << 20;
  // Pixels of small datasets that are kept decoded.
  uint64_t max_decoded_bytes = uint64_t{256} << 20;
  // Images that are decoded and resized at the same time, but for those that
  // fit the scratch memory of a worker (ScratchLease::kMaxKeptBytes). One that
  // needs more than this runs alone: an image at the default limit of ingest
  // (64 Mi pixels, progressive) takes 576 MiB while it is decoded.
  uint64_t max_working_bytes = uint64_t{640} << 20;
};

}  // namespace millrace
