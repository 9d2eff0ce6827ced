// Runs a geometry over pixels: decode what is needed, resize what is needed,
// and pack it into a batch, with as few copies as the plan allows.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "image/image.h"
#include "image/pack.h"
#include "image/resample.h"
#include "pipeline/geometry.h"
#include "storage/sample_store.h"

namespace millrace {

// Working memory of one sample in the making.
struct PixelScratch {
  Image decoded;
  std::array<Image, 3> canvas;
  ResizeScratch resize;

  size_t bytes() const;
};

// Lends scratch memory to threads, so that each sample finds pages that are
// already there. Thread-safe. Keeps as many as were ever in use at once, except
// those that one huge image has blown up.
class ScratchPool {
 public:
  // Scratch above this size is not kept.
  static constexpr size_t kMaxKeptBytes = size_t{16} << 20;

  // Gives its scratch back when destroyed; the pool must outlive it.
  class Lease {
   public:
    explicit Lease(ScratchPool* pool);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    PixelScratch* get() { return scratch_.get(); }

   private:
    ScratchPool* const pool_;
    std::unique_ptr<PixelScratch> scratch_;
  };

 private:
  Mutex mutex_;
  std::vector<std::unique_ptr<PixelScratch>> idle_ ABSL_GUARDED_BY(mutex_);
};

struct PixelOptions {
  int channels = 3;  // 1 or 3.
  bool apply_orientation = true;
};

// The pixels of `crop` of a sample, with options.channels channels; what they
// lie in is the sample or *scratch. DATA_LOSS if the bytes are not such an
// image as the metadata says.
absl::StatusOr<ImageView> ReadPixels(const Sample& sample,
                                     const PixelOptions& options,
                                     const Rect& crop, PixelScratch* scratch);

// As above, of pixels that are decoded already.
ImageView CropPixels(const ImageView& whole, int channels, const Rect& crop,
                     PixelScratch* scratch);

// At most what a sample's pixels take in the making, one byte mask of its size
// included.
uint64_t WorkingBytes(const v1::ImageInfo& image, const Geometry& geometry,
                      int channels);

// INVALID_ARGUMENT if the geometry needs an intermediate image beyond all
// measure (a thin image resized by its shorter side).
absl::Status CheckIntermediates(const Geometry& geometry);

// `part`: the first stage's crop. Writes PackedBytes() of the output to `out`.
void RunGeometry(const ImageView& part, const Geometry& geometry,
                 const PackSpec& pack, PixelScratch* scratch, uint8_t* out);

}  // namespace millrace
