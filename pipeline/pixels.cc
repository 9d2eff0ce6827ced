#include "pipeline/pixels.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "image/color.h"
#include "image/decode.h"

namespace millrace {

namespace {

// Of an intermediate image; as much as one image may have (DecodeLimits).
constexpr int64_t kMaxIntermediatePixels = int64_t{128} << 20;

// The coefficients of a progressive JPEG without subsampling.
constexpr uint64_t kDecoderBytesPerPixel = 6;

// A resize writes the window's columns of all rows first.
int64_t RowsToMake(const GeometryStage& stage) {
  return stage.resized ? std::max(stage.crop.height, stage.window.height)
                       : stage.window.height;
}

ImageView Part(const ImageView& image, const Rect& rect) {
  return {image.row(rect.y) + ptrdiff_t{rect.x} * image.channels, rect.width,
          rect.height, image.channels, image.stride};
}

absl::StatusOr<ImageView> RawPixels(const Sample& sample) {
  const v1::ImageInfo& info = sample.meta.image();
  const uint64_t expected =
      uint64_t{info.width()} * info.height() * info.channels();
  if (sample.image.size() != expected ||
      (info.channels() != 1 && info.channels() != 3)) {
    return absl::DataLossError(absl::StrCat(
        "raw image of ", sample.image.size(), " bytes; ", info.height(), " x ",
        info.width(), " x ", info.channels(), " needs ", expected));
  }
  return ImageView{reinterpret_cast<const uint8_t*>(sample.image.data()),
                   static_cast<int>(info.width()),
                   static_cast<int>(info.height()),
                   static_cast<int>(info.channels()),
                   ptrdiff_t{info.width()} * info.channels()};
}

absl::StatusOr<ImageView> DecodePixels(const Sample& sample,
                                       const PixelOptions& options,
                                       const Rect& crop,
                                       PixelScratch* scratch) {
  const v1::ImageInfo& info = sample.meta.image();
  DecodeOptions decode;
  decode.channels = options.channels;
  decode.apply_orientation = options.apply_orientation;
  // Ingest let this size in, whatever its limit was; more is not this image.
  decode.limits.max_pixels = int64_t{info.width()} * info.height();
  DecodeReport report;
  const absl::Status status =
      DecodeRegion(sample.image, decode, crop, &scratch->decoded, &report);
  // It did decode at ingest, so whatever is wrong now is wrong with the bytes.
  if (!status.ok()) return absl::DataLossError(status.message());
  if (report.ends_early) {
    return absl::DataLossError(
        absl::StrCat("ends before its last pixel: ", report.warning));
  }
  return scratch->decoded.view();
}

// Puts `source` at (x, y) of a canvas of zeros.
void Place(const ImageView& source, int x, int y, Image* canvas) {
  std::memset(canvas->row(0), 0, canvas->stride() * canvas->height());
  for (int i = 0; i < source.height; ++i) {
    std::memcpy(canvas->row(y + i) + ptrdiff_t{x} * source.channels,
                source.row(i), size_t{1} * source.width * source.channels);
  }
}

ResizeSpec SpecOf(const GeometryStage& stage, const Rect& window) {
  return {stage.resized_width, stage.resized_height, stage.interpolation,
          window};
}

// Hands out the canvases of a scratch in turn: what a stage reads, what it
// resizes into and what it pads into are three.
class Canvases {
 public:
  explicit Canvases(PixelScratch* scratch) : scratch_(scratch) {}

  Image* Next(int width, int height, int channels) {
    Image* canvas = &scratch_->canvas[next_];
    next_ = (next_ + 1) % scratch_->canvas.size();
    canvas->Reset(width, height, channels);
    return canvas;
  }

 private:
  PixelScratch* scratch_;
  size_t next_ = 0;
};

// The output of a stage, but for its flip.
ImageView Render(const ImageView& part, const GeometryStage& stage,
                 PixelScratch* scratch, Canvases* canvases) {
  const Rect covered = stage.Covered();
  ImageView pixels = part;
  if (covered.width == 0) {
    pixels.width = pixels.height = 0;
  } else if (stage.resized) {
    Image* canvas =
        canvases->Next(covered.width, covered.height, part.channels);
    ResizeWindow(part, SpecOf(stage, covered), &scratch->resize, canvas->row(0),
                 canvas->stride());
    pixels = canvas->view();
  } else {
    pixels = Part(part, covered);
  }
  if (!stage.IsPadded()) return pixels;
  Image* canvas =
      canvases->Next(stage.window.width, stage.window.height, part.channels);
  Place(pixels, covered.x - stage.window.x, covered.y - stage.window.y, canvas);
  return canvas->view();
}

ImageView Flipped(const ImageView& image, Canvases* canvases) {
  Image* canvas = canvases->Next(image.width, image.height, image.channels);
  Pack(image, {.flip_horizontal = true}, canvas->row(0));
  return canvas->view();
}

// True if the bytes that a resize writes are the tensor's.
bool ResizesInPlace(const GeometryStage& stage, const PackSpec& pack,
                    int channels) {
  return stage.resized && !stage.IsPadded() && !stage.flip && !pack.to_float &&
         (!pack.channels_first || channels == 1);
}

void Finish(const ImageView& part, const GeometryStage& stage, PackSpec pack,
            PixelScratch* scratch, Canvases* canvases, uint8_t* out) {
  if (ResizesInPlace(stage, pack, part.channels)) {
    ResizeWindow(part, SpecOf(stage, stage.window), &scratch->resize, out,
                 ptrdiff_t{stage.window.width} * part.channels);
    return;
  }
  pack.flip_horizontal = stage.flip;
  Pack(Render(part, stage, scratch, canvases), pack, out);
}

}  // namespace

size_t PixelScratch::bytes() const {
  size_t bytes = decoded.pixels().capacity() + resize.bytes();
  for (const Image& image : canvas) bytes += image.pixels().capacity();
  return bytes;
}

ScratchPool::Lease::Lease(ScratchPool* pool) : pool_(pool) {
  {
    MutexLock lock(&pool_->mutex_);
    if (!pool_->idle_.empty()) {
      scratch_ = std::move(pool_->idle_.back());
      pool_->idle_.pop_back();
    }
  }
  if (scratch_ == nullptr) scratch_ = std::make_unique<PixelScratch>();
}

ScratchPool::Lease::~Lease() {
  if (scratch_->bytes() > kMaxKeptBytes) return;
  MutexLock lock(&pool_->mutex_);
  pool_->idle_.push_back(std::move(scratch_));
}

absl::StatusOr<ImageView> ReadPixels(const Sample& sample,
                                     const PixelOptions& options,
                                     const Rect& crop, PixelScratch* scratch) {
  if (sample.meta.image().format() != v1::IMAGE_FORMAT_RAW) {
    return DecodePixels(sample, options, crop, scratch);
  }
  MILLRACE_ASSIGN_OR_RETURN(const ImageView whole, RawPixels(sample));
  return CropPixels(whole, options.channels, crop, scratch);
}

ImageView CropPixels(const ImageView& whole, int channels, const Rect& crop,
                     PixelScratch* scratch) {
  const ImageView part = Part(whole, crop);
  if (part.channels == channels) return part;
  scratch->decoded.Reset(part.width, part.height, channels);
  for (int y = 0; y < part.height; ++y) {
    ConvertRow(part.row(y), part.channels, part.width, channels,
               scratch->decoded.row(y));
  }
  return scratch->decoded.view();
}

uint64_t WorkingBytes(const v1::ImageInfo& image, const Geometry& geometry,
                      int channels) {
  const uint64_t pixels = uint64_t{image.width()} * image.height();
  const bool raw = image.format() == v1::IMAGE_FORMAT_RAW;
  uint64_t bytes = pixels * (raw ? 1 : 1 + kDecoderBytesPerPixel);
  const Rect& decoded = geometry.stages()[0].crop;
  bytes += uint64_t{1} * decoded.width * decoded.height * channels;
  for (const GeometryStage& stage : geometry.stages()) {
    bytes += uint64_t{2} * RowsToMake(stage) * stage.window.width * channels;
  }
  return bytes;
}

absl::Status CheckIntermediates(const Geometry& geometry) {
  for (const GeometryStage& stage : geometry.stages()) {
    const int64_t rows = RowsToMake(stage);
    if (rows * stage.window.width <= kMaxIntermediatePixels) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "its transforms resize ", stage.crop.width, " x ", stage.crop.height,
        " pixels to ", stage.resized_width, " x ", stage.resized_height,
        " and need an intermediate image of ", stage.window.width, " x ", rows,
        "; the limit is ", kMaxIntermediatePixels,
        " pixels. Set resize.max_size, or resize to two values"));
  }
  return absl::OkStatus();
}

void RunGeometry(const ImageView& part, const Geometry& geometry,
                 const PackSpec& pack, PixelScratch* scratch, uint8_t* out) {
  Canvases canvases(scratch);
  ImageView input = part;
  const size_t last = geometry.stages().size() - 1;
  for (size_t i = 0; i < last; ++i) {
    const GeometryStage& stage = geometry.stages()[i];
    input = Render(input, stage, scratch, &canvases);
    if (stage.flip) input = Flipped(input, &canvases);
    input = Part(input, geometry.stages()[i + 1].crop);
  }
  Finish(input, geometry.stages()[last], pack, scratch, &canvases, out);
}

}  // namespace millrace
