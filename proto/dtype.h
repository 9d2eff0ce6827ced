// What the wire says about dtypes, for both of its ends.
#pragma once

#include <cstddef>

#include "millrace/v1/plan.pb.h"

namespace millrace {

// Bytes of one element; 0 for what is no dtype.
inline size_t ElementBytes(v1::DType dtype) {
  switch (dtype) {
    case v1::UINT8:
      return 1;
    case v1::FLOAT16:
    case v1::BFLOAT16:
      return 2;
    case v1::INT32:
    case v1::FLOAT32:
      return 4;
    case v1::INT64:
    case v1::FLOAT64:
      return 8;
    default:
      return 0;
  }
}

}  // namespace millrace
