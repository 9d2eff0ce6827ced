// A finished batch in this process's memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/buffer_pool.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// Row-major, little-endian, no padding.
struct HostTensor {
  std::string name;
  v1::DType dtype = v1::DTYPE_UNSPECIFIED;
  std::vector<int64_t> shape;
  std::shared_ptr<const Buffer> data;
};

struct HostBatch {
  uint64_t step = 0;
  uint64_t epoch = 0;
  uint64_t step_in_epoch = 0;
  std::vector<HostTensor> tensors;
};

}  // namespace millrace
