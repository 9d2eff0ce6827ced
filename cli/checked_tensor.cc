#include "cli/checked_tensor.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/dtype.h"

namespace millrace::cli {

using client::ReceivedBatch;
using client::TensorView;

absl::Status Wrong(const TensorView& tensor, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("tensor \"", tensor.name, "\" of shape [",
                   absl::StrJoin(tensor.shape, ", "), "]: ", why));
}

// Null if the batch has no such tensor; an error if it has not this dtype
// and shape (-1: any), or not the bytes of its shape.
absl::StatusOr<const TensorView*> FindChecked(
    const ReceivedBatch& batch, absl::string_view name, v1::DType dtype,
    const std::vector<int64_t>& shape) {
  const TensorView* tensor = batch.Find(name);
  if (tensor == nullptr) return nullptr;
  if (tensor->dtype != dtype) {
    return Wrong(*tensor, absl::StrCat("expected ", v1::DType_Name(dtype)));
  }
  bool same = tensor->shape.size() == shape.size();
  uint64_t bytes = ElementBytes(dtype);
  for (size_t i = 0; same && i < shape.size(); ++i) {
    same =
        tensor->shape[i] >= 0 && (shape[i] < 0 || shape[i] == tensor->shape[i]);
    bytes *= tensor->shape[i];
  }
  if (!same) {
    return Wrong(*tensor, absl::StrCat("expected [", absl::StrJoin(shape, ", "),
                                       "], -1 for any"));
  }
  if (bytes != tensor->bytes.size()) return Wrong(*tensor, "wrong length");
  return tensor;
}

}  // namespace millrace::cli
