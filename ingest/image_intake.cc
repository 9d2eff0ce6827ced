#include "ingest/image_intake.h"

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "image/encode.h"
#include "image/jpeg_tiling.h"
#include "image/resample.h"
#include "ingest/text.h"

namespace millrace {
namespace {

// RGB as it was and as it is stored, and the coefficients of a JPEG without
// subsampling.
constexpr uint64_t kBytesPerPixel = 3 + 3 + 6;
// More than this is not kept from one image to the next.
constexpr size_t kKeptBytes = size_t{32} << 20;
// Smaller ones would be no images any more, larger ones no JPEGs.
constexpr int kLeastMaxSide = 16;
constexpr int kMostMaxSide = 65'500;

void Trim(Image* image) {
  if (image->bytes() > kKeptBytes) *image = Image();
}

v1::ImageInfo InfoOf(const ImageHeader& header) {
  v1::ImageInfo info;
  info.set_format(header.format == ImageFormat::kJpeg ? v1::IMAGE_FORMAT_JPEG
                                                      : v1::IMAGE_FORMAT_PNG);
  info.set_width(static_cast<uint32_t>(header.width()));
  info.set_height(static_cast<uint32_t>(header.height()));
  info.set_channels(static_cast<uint32_t>(header.channels));
  info.set_orientation(static_cast<uint32_t>(header.orientation));
  return info;
}

// Keeps the aspect ratio as well as whole pixels can.
int ScaledSide(int side, int longer, int max_side) {
  const int64_t scaled = (int64_t{2} * side * max_side + longer) / (2 * longer);
  return static_cast<int>(std::max<int64_t>(scaled, 1));
}

}  // namespace

absl::Status ImageOptions::Validate() const {
  if (max_side != 0 && (max_side < kLeastMaxSide || max_side > kMostMaxSide)) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_side is ", max_side, "; it is 0 or ", kLeastMaxSide,
                     " to ", kMostMaxSide, " pixels"));
  }
  if (quality < 1 || quality > 100) {
    return absl::InvalidArgumentError(
        absl::StrCat("quality is ", quality, "; it is 1 to 100"));
  }
  if (keep_original && max_side != 0) {
    return absl::InvalidArgumentError(
        "keep_original and max_side exclude each other");
  }
  return absl::OkStatus();
}

absl::StatusOr<StoredImage> ImageIntake::Take(std::string bytes) {
  MILLRACE_ASSIGN_OR_RETURN(const ImageHeader header,
                            ReadImageHeader(bytes, limits_));
  const auto reserved = budget_->Reserve(uint64_t{1} * header.stored_width *
                                         header.stored_height * kBytesPerPixel);
  const absl::Cleanup trim = [this] {
    Trim(&pixels_);
    Trim(&others_);
  };
  StoredImage image;
  image.info = InfoOf(header);
  image.source = image.info;
  image.bytes = std::move(bytes);
  const bool jpeg = header.format == ImageFormat::kJpeg;
  const bool shrinks =
      options_.max_side != 0 &&
      std::max(header.width(), header.height()) > options_.max_side;

  if (jpeg && !shrinks && !options_.keep_original) {
    const absl::Status tiled = Tile(&image);
    if (tiled.ok()) return image;
    image.untiled = Printable(tiled.message());
  }
  MILLRACE_ASSIGN_OR_RETURN(image.source, Check(image.bytes, header));
  image.info = image.source;
  if (shrinks) {
    MILLRACE_RETURN_IF_ERROR(Shrink(&image));
  } else if (jpeg && options_.keep_original) {
    const auto layout = ParseJpegLayout(image.bytes);
    if (layout.ok()) SetRecord(image.bytes, *layout, &image);
  }
  return image;
}

absl::StatusOr<v1::ImageInfo> ImageIntake::Check(absl::string_view bytes,
                                                 const ImageHeader& header) {
  DecodeOptions options;
  options.limits = limits_;
  options.apply_orientation = false;  // It changes no verdict.
  DecodeReport report;
  MILLRACE_RETURN_IF_ERROR(
      DecodeRegion(bytes, options, Rect{}, &pixels_, &report));
  if (report.ends_early) {
    return absl::InvalidArgumentError(absl::StrCat(
        header.format == ImageFormat::kJpeg ? "JPEG" : "PNG",
        " data ends early; the decoder's first complaint: ", report.warning));
  }
  v1::ImageInfo info = InfoOf(header);
  info.set_warning(Printable(report.warning));
  return info;
}

absl::Status ImageIntake::Tile(StoredImage* image) {
  MILLRACE_ASSIGN_OR_RETURN(TiledJpeg tiled,
                            TileJpeg(image->bytes, limits_, &pixels_));
  // Ours reads what libjpeg would: the layout comes from the file's markers,
  // which are in order. Where ours does not serve, libjpeg is asked itself.
  if (!SetRecord(tiled.bytes, std::move(tiled.layout), image) ||
      (image->needs_libjpeg && !Matches(tiled.bytes, ""))) {
    return absl::FailedPreconditionError(
        "JPEG: with tiles it would decode to other pixels");
  }
  image->bytes = std::move(tiled.bytes);
  return absl::OkStatus();
}

absl::Status ImageIntake::Shrink(StoredImage* image) {
  const int width = static_cast<int>(image->source.width());
  const int height = static_cast<int>(image->source.height());
  const int longer = std::max(width, height);
  ResizeSpec spec;
  spec.width = ScaledSide(width, longer, options_.max_side);
  spec.height = ScaledSide(height, longer, options_.max_side);
  spec.window = {0, 0, spec.width, spec.height};

  DecodeOptions upright;
  upright.limits = limits_;
  MILLRACE_RETURN_IF_ERROR(
      DecodeRegion(image->bytes, upright, Rect{}, &pixels_));
  others_.Reset(spec.width, spec.height, pixels_.channels());
  ResizeScratch scratch;
  ResizeWindow(pixels_.view(), spec, &scratch, others_.row(0),
               static_cast<ptrdiff_t>(others_.stride()));
  MILLRACE_ASSIGN_OR_RETURN(image->bytes,
                            EncodeJpeg(others_.view(), options_.quality));
  image->info.set_format(v1::IMAGE_FORMAT_JPEG);
  image->info.set_width(static_cast<uint32_t>(spec.width));
  image->info.set_height(static_cast<uint32_t>(spec.height));
  image->info.set_orientation(1);
  const absl::Status tiled = Tile(image);
  if (!tiled.ok()) image->untiled = Printable(tiled.message());
  return absl::OkStatus();
}

bool ImageIntake::SetRecord(absl::string_view bytes, JpegLayout layout,
                            StoredImage* image) {
  for (const bool needs_libjpeg : {false, true}) {
    layout.needs_libjpeg = needs_libjpeg;
    std::string record = SerializeJpegLayout(layout);
    if (!Matches(bytes, record)) continue;
    image->decode_record = std::move(record);
    image->needs_libjpeg = needs_libjpeg;
    return true;
  }
  return false;
}

bool ImageIntake::Matches(absl::string_view bytes,
                          absl::string_view decode_record) {
  DecodeOptions options;
  options.limits = limits_;
  options.apply_orientation = false;
  options.decode_record = decode_record;
  options.scratch = &scratch_;
  DecodeReport report;
  const absl::Status status =
      DecodeRegion(bytes, options, Rect{}, &others_, &report);
  return status.ok() && report.warning.empty() &&
         others_.width() == pixels_.width() &&
         others_.height() == pixels_.height() &&
         others_.pixels() == pixels_.pixels();
}

absl::Status CheckRaw(const v1::ImageInfo& info, absl::string_view bytes) {
  const uint64_t expected =
      uint64_t{info.width()} * info.height() * info.channels();
  if (expected == 0 || expected != bytes.size()) {
    return absl::InvalidArgumentError(absl::StrCat(
        info.width(), "x", info.height(), " pixels of ", info.channels(),
        " channels take ", expected, " bytes, not ", bytes.size()));
  }
  return absl::OkStatus();
}

}  // namespace millrace
