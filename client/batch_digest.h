// One SHA-256 over all tensors of a run of batches: two runs that saw the same
// bytes in the same order have the same digest, whatever happened on the way.
//
// The hash input, numbers as 8 bytes little-endian, strings and bytes preceded
// by their length:
//   batch:  step, number of tensors, tensors
//   tensor: name, dtype (as in plan.proto), dimensions, each size, bytes
#pragma once

#include <string>

#include "base/digest.h"
#include "client/batch_stream.h"

namespace millrace::client {

class BatchDigest {
 public:
  // In the order of steps.
  void Add(const ReceivedBatch& batch);

  // 64 hexadecimal digits; once, at the end.
  std::string Finish();

 private:
  Sha256 hash_;
};

}  // namespace millrace::client
