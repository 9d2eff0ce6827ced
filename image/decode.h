// Encoded bytes to pixels: JPEG and PNG by content, whatever the file is
// called.
//
// JPEG pixels equal libjpeg-turbo's djpeg with default options (accurate
// integer IDCT, fancy upsampling), CMYK and YCCK included. PNG: 16 bits are cut
// to 8, palettes are resolved, alpha is dropped.
//
// All functions are pure and safe to call from any thread. Hostile bytes give
// an error, never a crash, and never memory beyond limits.max_pixels.
//
// Errors: INVALID_ARGUMENT for bytes that do not decode, RESOURCE_EXHAUSTED
// for images over a limit, UNIMPLEMENTED for kinds that libjpeg-turbo or libpng
// cannot decode (12-bit, lossless).
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "image/image.h"

namespace millrace {

enum class ImageFormat { kJpeg, kPng, kRaw };

// What the file's header says.
struct ImageHeader {
  ImageFormat format = ImageFormat::kJpeg;
  // As stored, in pixels; at least 1.
  int stored_width = 0;
  int stored_height = 0;
  // After decoding: 1 or 3.
  int channels = 0;
  // EXIF 1..8; 1 if the file has none, or nonsense. PNG: always 1.
  int orientation = 1;

  // Orientations 5..8 swap the sides.
  bool swaps_sides() const { return orientation >= 5; }
  int width() const { return swaps_sides() ? stored_height : stored_width; }
  int height() const { return swaps_sides() ? stored_width : stored_height; }
};

struct DecodeLimits {
  // Width times height. RGB costs 3 bytes a pixel; while it is decoded, a
  // progressive JPEG costs up to 6 more, an interlaced PNG 3.
  int64_t max_pixels = 64 * 1024 * 1024;
  // Scans of a progressive JPEG; each costs a pass over the whole image.
  int max_scans = 100;
};

// Reads the header alone; allocates nothing of the image's size.
absl::StatusOr<ImageHeader> ReadImageHeader(absl::string_view bytes,
                                            const DecodeLimits& limits = {});

struct DecodeScratch;  // image/decode_scratch.h
class RowSink;         // image/row_sink.h

struct DecodeOptions {
  // 1 (gray), 3 (RGB), or 0: as header.channels. RGB to gray is
  // ITU-R 601-2 luma in Pillow's integer form; gray to RGB repeats.
  int channels = 0;
  // Rotate and mirror as EXIF says.
  bool apply_orientation = true;
  // 1, 2, 4 or 8: every side divided by this and rounded up, by libjpeg's
  // smaller transforms; far cheaper than a resize, and not the same pixels.
  // JPEG only. Bytes are judged as at full size, but for those just beside a
  // region.
  int scale_denominator = 1;
  // What ingest learned of these very bytes (SerializeJpegLayout()); may be
  // empty. Changes no pixel: with it, a region costs only its tiles. Such files
  // were clean, so what else would be a warning is INVALID_ARGUMENT. Borrowed.
  absl::string_view decode_record;
  // Memory for decoding with a record, so that the next image finds it; may be
  // null. Borrowed, for one thread at a time.
  DecodeScratch* scratch = nullptr;
  DecodeLimits limits;
};

// What the decoder had to forgive. Complete when the whole image was decoded;
// for a region, faults below it go unseen.
struct DecodeReport {
  // The decoder's first complaint; empty for a clean file.
  std::string warning;
  // The file ended before the image did; the rest of the pixels is made up.
  // Pillow refuses such files, and serves those that only have a `warning`.
  bool ends_early = false;
};

// Decodes `region` of the image that `options` describes (upright if
// apply_orientation, scaled) into *image, which takes the region's size. An
// empty region (width 0) means all of it. A region outside of the image is
// INVALID_ARGUMENT. Warnings are no error; read `report` (may be null).
absl::Status DecodeRegion(absl::string_view bytes, const DecodeOptions& options,
                          const Rect& region, Image* image,
                          DecodeReport* report = nullptr);

// The same, handed to `sink` from the top; where the file and the options
// allow, each row as soon as it is decoded. What `sink` was given is undefined
// after an error. *spare is memory to work in; `report` is not null.
absl::Status DecodeRows(absl::string_view bytes, const DecodeOptions& options,
                        const Rect& region, RowSink* sink, Image* spare,
                        DecodeReport* report);

// Decodes what `crop` of the image at full size becomes at
// options.scale_denominator: all pixels that it touches. *box is the crop in
// *image: full-size coordinates divided by the denominator, counted from the
// stored image's first row and column, so that nothing moves, whatever the crop
// and the orientation. A crop outside of the full-size image is
// INVALID_ARGUMENT.
absl::Status DecodeScaledCrop(absl::string_view bytes,
                              const DecodeOptions& options, const Rect& crop,
                              Image* image, PixelBox* box,
                              DecodeReport* report = nullptr);

// The whole image.
absl::StatusOr<Image> Decode(absl::string_view bytes,
                             const DecodeOptions& options = {},
                             DecodeReport* report = nullptr);

}  // namespace millrace
