// A batch as the bytes of a StreamBatchesResponse, without copying tensors.
//
//   slice 0: headers  | slice 1: image  | slice 2: headers, small tensors | ...
//            (ours)     (the tensor's                (ours)
//                        own memory)
//
// The bytes are those that protobuf itself would write (fields in the order of
// their numbers, defaults left out), so any protobuf library reads them.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include "absl/status/statusor.h"
#include "pipeline/batch_assembly.h"

namespace millrace {

// Tensors of fewer bytes are copied: cheaper than a slice of their own.
inline constexpr size_t kInlineTensorBytes = 4096;

// The result shares the tensors' memory until the last copy of it is gone.
// RESOURCE_EXHAUSTED: more than protobuf's 2^31 - 1 bytes.
absl::StatusOr<grpc::ByteBuffer> FrameBatch(const HostBatch& batch);

}  // namespace millrace
