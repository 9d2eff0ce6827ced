// The pixels that a sample's program begins with: only what it needs of them is
// decoded.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "image/decode_scratch.h"
#include "image/image.h"
#include "image/resample.h"
#include "storage/sample_store.h"

namespace millrace {

// Working memory of one sample in the making.
struct PixelScratch {
  DecodeScratch decode;
  Image decoded;
  std::array<Image, 3> canvas;
  ResizeScratch resize;
  RowResizer resizer{&resize};
  Image spare;  // For pixel ops.

  size_t bytes() const;
};

// The thread's scratch memory, whatever plan it works for, so that each sample
// finds pages that are already there. Given back when destroyed, unless one
// huge image has blown it up. A second one at the same time is new.
class ScratchLease {
 public:
  // Scratch above this size is not kept.
  static constexpr size_t kMaxKeptBytes = size_t{16} << 20;

  ScratchLease();
  ~ScratchLease();
  ScratchLease(const ScratchLease&) = delete;
  ScratchLease& operator=(const ScratchLease&) = delete;
  PixelScratch* get() { return scratch_.get(); }

 private:
  std::unique_ptr<PixelScratch> scratch_;
};

struct PixelOptions {
  int channels = 3;  // 1 or 3.
  bool apply_orientation = true;
  // 1, 2, 4 or 8: what a JPEG's sides are divided by. Others stay as they are.
  int scale_denominator = 1;
};

// The crop that a program begins with.
struct CroppedView {
  ImageView pixels;
  // Set if they are smaller than the crop: where it lies in them (see
  // DecodeScaledCrop()). Else it is all of them.
  std::optional<PixelBox> box = std::nullopt;
  // The pixels went to scratch->resizer instead, which was prepared for them:
  // here is only their size.
  bool in_resizer = false;
};

// The pixels of `crop` of a sample, with options.channels channels; what they
// lie in is the sample or *scratch. `resize` is what will be done with them
// first, if it is a resize: that may begin while they are decoded. DATA_LOSS if
// the bytes are not such an image as the metadata says.
absl::StatusOr<CroppedView> ReadPixels(const Sample& sample,
                                       const PixelOptions& options,
                                       const Rect& crop,
                                       const std::optional<ResizeSpec>& resize,
                                       PixelScratch* scratch);

// As above, of pixels that are decoded already, at full size.
ImageView CropPixels(const ImageView& whole, int channels, const Rect& crop,
                     PixelScratch* scratch);

}  // namespace millrace
