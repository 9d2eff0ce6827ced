// One encoded image, opened: the seam between DecodeRegion() and the codecs.
//
// Coordinates are those of the file: EXIF orientation is not applied here.
// A decoder borrows the bytes, belongs to one thread, and decodes once.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "image/decode.h"
#include "image/image.h"

namespace millrace {

class StoredDecoder {
 public:
  virtual ~StoredDecoder() = default;

  virtual const ImageHeader& header() const = 0;

  // `region` is not empty and lies inside; `channels` is 1 or 3. Equal to the
  // bit to the same rectangle of a full decode.
  virtual absl::Status Decode(const Rect& region, int channels, Image* image,
                              DecodeReport* report) = 0;
};

// The bytes begin as a JPEG or a PNG does. The header has been checked against
// the limits when these return.
absl::StatusOr<std::unique_ptr<StoredDecoder>> OpenJpeg(
    absl::string_view bytes, const DecodeLimits& limits);
absl::StatusOr<std::unique_ptr<StoredDecoder>> OpenPng(
    absl::string_view bytes, const DecodeLimits& limits);

// RESOURCE_EXHAUSTED if the sides are too long for `limits`. Sides are at
// least 1.
absl::Status CheckPixels(int64_t width, int64_t height,
                         const DecodeLimits& limits);

}  // namespace millrace
