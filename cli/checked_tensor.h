// Tensors of a received batch, held to what is expected of them before their
// values are read.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/batch_stream.h"

namespace millrace::cli {

// INVALID_ARGUMENT: the tensor, its shape, and why.
absl::Status Wrong(const client::TensorView& tensor, absl::string_view why);

// Null if the batch has no such tensor; an error if it has not this dtype
// and shape (-1: any), or not the bytes of its shape.
absl::StatusOr<const client::TensorView*> FindChecked(
    const client::ReceivedBatch& batch, absl::string_view name, v1::DType dtype,
    const std::vector<int64_t>& shape);

}  // namespace millrace::cli
