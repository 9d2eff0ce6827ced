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
#include "image/jpeg_layout.h"
#include "image/row_sink.h"

namespace millrace {

struct DecodeRequest {
  // Of the scaled image; not empty, and inside.
  Rect region;
  // 1 or 3.
  int channels = 3;
  // 1, 2, 4 or 8. Whoever cannot scale gives UNIMPLEMENTED.
  int scale_denominator = 1;
};

class StoredDecoder {
 public:
  virtual ~StoredDecoder() = default;

  virtual const ImageHeader& header() const = 0;

  // Equal to the bit to the same rectangle of a full decode at this scale.
  virtual absl::Status Decode(const DecodeRequest& request, Image* image,
                              DecodeReport* report) = 0;

  // The same, handed to `sink` row by row; *spare is memory to work in.
  virtual absl::Status DecodeRows(const DecodeRequest& request, RowSink* sink,
                                  Image* spare, DecodeReport* report) {
    absl::Status status = Decode(request, spare, report);
    if (status.ok()) HandOver(spare->view(), sink);
    return status;
  }
};

// Whether a JPEG's restart markers must count as the standard has it. Tiles
// taken out of a file keep the numbers that they had there.
enum class JpegRestarts { kInOrder, kAnyOrder };

// The bytes begin as a JPEG or a PNG does. The header has been checked against
// the limits when these return.
absl::StatusOr<std::unique_ptr<StoredDecoder>> OpenJpeg(
    absl::string_view bytes, const DecodeLimits& limits,
    JpegRestarts restarts = JpegRestarts::kInOrder);
absl::StatusOr<std::unique_ptr<StoredDecoder>> OpenPng(
    absl::string_view bytes, const DecodeLimits& limits);

// A JPEG of which `layout`, borrowed too, says where its tiles are: decodes
// those that a region touches, through libjpeg. Bytes that do not decode
// without a warning are INVALID_ARGUMENT, for ingest makes layouts of clean
// files only.
absl::StatusOr<std::unique_ptr<StoredDecoder>> OpenJpegTiles(
    absl::string_view bytes, const JpegLayout& layout,
    const DecodeLimits& limits);
// The same by its decode record, with the baseline decoder where it serves.
// `scratch` is borrowed, and taken until the decoder is destroyed.
absl::StatusOr<std::unique_ptr<StoredDecoder>> OpenRecordedJpeg(
    absl::string_view bytes, absl::string_view record,
    const DecodeLimits& limits, DecodeScratch* scratch);

// A side of an image decoded at 1 / denominator: rounded up, as libjpeg does.
inline int ScaledSide(int side, int denominator) {
  return (side + denominator - 1) / denominator;
}

// What libjpeg's chroma upsampling reads beside a pixel: one chroma sample, at
// most two pixels of the output away, at any scale.
inline constexpr int kUpsamplingMargin = 2;
// It upsamples images narrower than this in another way (chroma of one or two
// columns), so no part of a wider image may be as narrow.
inline constexpr int kMinUpsampledWidth = 8;

// RESOURCE_EXHAUSTED if the sides are too long for `limits`. Sides are at
// least 1.
absl::Status CheckPixels(int64_t width, int64_t height,
                         const DecodeLimits& limits);

}  // namespace millrace
