// Memory that decoding uses again from image to image. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "image/baseline_decoder.h"
#include "image/jpeg_layout.h"

namespace millrace {

struct DecodeScratch {
  JpegLayout layout;
  BaselineDecoder baseline;

  size_t bytes() const {
    return baseline.bytes() + layout.offsets.capacity() * sizeof(uint32_t);
  }
};

}  // namespace millrace
