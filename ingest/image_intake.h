// An encoded image on its way in: checked, rewritten for fast decoding, and
// verified.
//
// A JPEG is stored with tiles (image/jpeg_tiling.h) and a decode record, but
// only if it then decodes to the very pixels that it had: all of it, without
// the record and with it. Otherwise it is stored as it came.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/memory_budget.h"
#include "image/decode.h"
#include "image/decode_scratch.h"
#include "millrace/v1/sample.pb.h"

namespace millrace {

// How images are stored. Raw pixels are always stored as they came.
struct ImageOptions {
  // The very bytes of the source, without tiles: crops cost up to twice as
  // much. A baseline JPEG gets a decode record all the same.
  bool keep_original = false;
  // Not 0: an image with a longer side is resized to this, upright, and encoded
  // as a JPEG of `quality`. This loses pixels for good.
  int max_side = 0;
  int quality = 90;

  absl::Status Validate() const;
};

struct StoredImage {
  // Of the source's image.
  v1::ImageInfo source;
  // Of what is stored; another only after a resize.
  v1::ImageInfo info;
  std::string bytes;
  std::string decode_record;
  // The record sends decoders to libjpeg: ours makes other pixels of it.
  bool needs_libjpeg = false;
  // Why a JPEG is stored as it came although it should have got tiles. Empty
  // for all others.
  std::string untiled;
};

// One for each thread: it keeps the memory for the pixels.
class ImageIntake {
 public:
  // `budget` is shared by all threads and must live longer.
  ImageIntake(const ImageOptions& options, const DecodeLimits& limits,
              MemoryBudget* budget)
      : options_(options), limits_(limits), budget_(budget) {}

  // An error says what is wrong with the image, as ReadImageHeader and Decode
  // do, or that the data ends early.
  absl::StatusOr<StoredImage> Take(std::string bytes);

 private:
  // Decodes into pixels_. Everything about the image, the decoder's warning
  // included.
  absl::StatusOr<v1::ImageInfo> Check(absl::string_view bytes,
                                      const ImageHeader& header);
  // Replaces image->bytes by a tiled form; an error leaves all as it was.
  absl::Status Tile(StoredImage* image);
  absl::Status Shrink(StoredImage* image);
  // Sets the decode record with which `bytes` decode to pixels_; false if there
  // is none.
  bool SetRecord(absl::string_view bytes, JpegLayout layout,
                 StoredImage* image);
  // If the bytes decode to pixels_ without a word.
  bool Matches(absl::string_view bytes, absl::string_view decode_record);

  const ImageOptions options_;
  const DecodeLimits limits_;
  MemoryBudget* const budget_;
  // Of the image as it came, not turned; and another to compare with.
  Image pixels_;
  Image others_;
  DecodeScratch scratch_;
};

// Raw pixels: `info` must account for every byte.
absl::Status CheckRaw(const v1::ImageInfo& info, absl::string_view bytes);

}  // namespace millrace
