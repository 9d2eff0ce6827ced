// Is this an image that can be served? Decodes all of it to find out.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "image/decode.h"
#include "base/memory_budget.h"
#include "millrace/v1/sample.pb.h"

namespace millrace {

// One for each thread: it keeps the memory for the pixels.
class ImageCheck {
 public:
  // `budget` is shared by all threads and must live longer.
  ImageCheck(const DecodeLimits& limits, MemoryBudget* budget)
      : limits_(limits), budget_(budget) {}

  // Everything about an encoded image, the decoder's warning included. An error
  // says what is wrong with it, as ReadImageHeader and Decode do, or that
  // the data ends early.
  absl::StatusOr<v1::ImageInfo> CheckEncoded(absl::string_view bytes);

 private:
  const DecodeLimits limits_;
  MemoryBudget* const budget_;
  Image pixels_;
};

// Raw pixels: `info` must account for every byte.
absl::Status CheckRaw(const v1::ImageInfo& info, absl::string_view bytes);

}  // namespace millrace
