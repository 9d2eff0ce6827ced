#include "pipeline/pixels.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "image/color.h"
#include "image/decode.h"

namespace millrace {

namespace {

thread_local std::unique_ptr<PixelScratch> idle_scratch;

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

absl::StatusOr<CroppedView> DecodePixels(
    const Sample& sample, const PixelOptions& options, const Rect& crop,
    const std::optional<ResizeSpec>& resize, PixelScratch* scratch) {
  const v1::ImageInfo& info = sample.meta.image();
  DecodeOptions decode;
  decode.channels = options.channels;
  decode.apply_orientation = options.apply_orientation;
  decode.decode_record = sample.decode_record;
  decode.scratch = &scratch->decode;
  // Ingest let this size in, whatever its limit was; more is not this image.
  decode.limits.max_pixels = int64_t{info.width()} * info.height();
  if (info.format() == v1::IMAGE_FORMAT_JPEG) {
    decode.scale_denominator = options.scale_denominator;
  }
  CroppedView cropped;
  DecodeReport report;
  absl::Status status;
  if (decode.scale_denominator > 1) {
    status = DecodeScaledCrop(sample.image, decode, crop, &scratch->decoded,
                              &cropped.box.emplace(), &report);
  } else if (resize.has_value()) {
    cropped.in_resizer = true;
    scratch->resizer.Prepare(*resize);
    status = DecodeRows(sample.image, decode, crop, &scratch->resizer,
                        &scratch->decoded, &report);
  } else {
    status =
        DecodeRegion(sample.image, decode, crop, &scratch->decoded, &report);
  }
  // It did decode at ingest, so whatever is wrong now is wrong with the bytes.
  if (!status.ok()) return absl::DataLossError(status.message());
  if (report.ends_early) {
    return absl::DataLossError(
        absl::StrCat("ends before its last pixel: ", report.warning));
  }
  cropped.pixels = cropped.in_resizer ? ImageView{nullptr, crop.width,
                                                  crop.height, options.channels}
                                      : scratch->decoded.view();
  return cropped;
}

}  // namespace

size_t PixelScratch::bytes() const {
  size_t bytes =
      decode.bytes() + decoded.bytes() + spare.bytes() + resize.bytes();
  for (const Image& image : canvas) bytes += image.bytes();
  return bytes;
}

ScratchLease::ScratchLease() : scratch_(std::move(idle_scratch)) {
  if (scratch_ == nullptr) scratch_ = std::make_unique<PixelScratch>();
}

ScratchLease::~ScratchLease() {
  if (scratch_->bytes() <= kMaxKeptBytes) idle_scratch = std::move(scratch_);
}

absl::StatusOr<CroppedView> ReadPixels(const Sample& sample,
                                       const PixelOptions& options,
                                       const Rect& crop,
                                       const std::optional<ResizeSpec>& resize,
                                       PixelScratch* scratch) {
  if (sample.meta.image().format() != v1::IMAGE_FORMAT_RAW) {
    return DecodePixels(sample, options, crop, resize, scratch);
  }
  MILLRACE_ASSIGN_OR_RETURN(const ImageView whole, RawPixels(sample));
  return CroppedView{CropPixels(whole, options.channels, crop, scratch)};
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

}  // namespace millrace
