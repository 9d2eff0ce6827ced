#include "client/batch_digest.h"

#include "absl/strings/string_view.h"

namespace millrace::client {

namespace {

void UpdateBytes(absl::string_view bytes, Sha256* hash) {
  hash->UpdateNumber(bytes.size());
  hash->Update(bytes);
}

}  // namespace

void BatchDigest::Add(const ReceivedBatch& batch) {
  hash_.UpdateNumber(batch.step);
  hash_.UpdateNumber(batch.tensors.size());
  for (const TensorView& tensor : batch.tensors) {
    UpdateBytes(tensor.name, &hash_);
    hash_.UpdateNumber(static_cast<uint64_t>(tensor.dtype));
    hash_.UpdateNumber(tensor.shape.size());
    for (const int64_t size : tensor.shape) {
      hash_.UpdateNumber(static_cast<uint64_t>(size));
    }
    UpdateBytes({reinterpret_cast<const char*>(tensor.bytes.data()),
                 tensor.bytes.size()},
                &hash_);
  }
}

std::string BatchDigest::Finish() { return ToHex(hash_.Finish()); }

}  // namespace millrace::client
