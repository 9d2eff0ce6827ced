#include "image/decode.h"

#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "image/decode_scratch.h"
#include "image/orientation.h"
#include "image/stored_decoder.h"

namespace millrace {
namespace {

constexpr absl::string_view kJpegMagic = "\xFF\xD8";
constexpr absl::string_view kPngMagic = "\x89PNG\r\n\x1A\n";

bool HasAt(absl::string_view bytes, size_t offset, absl::string_view text) {
  return bytes.size() >= offset && absl::StartsWith(bytes.substr(offset), text);
}

// The name of a well-known format that we do not read; empty for others.
absl::string_view OtherFormat(absl::string_view bytes) {
  if (absl::StartsWith(bytes, "GIF8")) return "GIF";
  if (absl::StartsWith(bytes, "BM")) return "BMP";
  if (absl::StartsWith(bytes, absl::string_view("II*\0", 4)) ||
      absl::StartsWith(bytes, absl::string_view("MM\0*", 4))) {
    return "TIFF";
  }
  if (HasAt(bytes, 0, "RIFF") && HasAt(bytes, 8, "WEBP")) return "WebP";
  if (HasAt(bytes, 4, "ftyp")) return "AVIF or HEIF";
  return "";
}

absl::Status NeitherJpegNorPng(absl::string_view bytes) {
  constexpr absl::string_view kOnly = "; only JPEG and PNG can be read";
  if (bytes.empty()) return absl::InvalidArgumentError("the file is empty");
  if (const auto name = OtherFormat(bytes); !name.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("this is ", name, kOnly));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("not an image: the file begins with \"",
                   absl::CHexEscape(bytes.substr(0, 8)), "\"", kOnly));
}

absl::StatusOr<std::unique_ptr<StoredDecoder>> Open(
    absl::string_view bytes, const DecodeLimits& limits) {
  if (absl::StartsWith(bytes, kJpegMagic)) return OpenJpeg(bytes, limits);
  if (absl::StartsWith(bytes, kPngMagic)) return OpenPng(bytes, limits);
  return NeitherJpegNorPng(bytes);
}

// Makes *own if it is needed and the caller lends no scratch memory.
absl::StatusOr<std::unique_ptr<StoredDecoder>> Open(
    absl::string_view bytes, const DecodeOptions& options,
    std::unique_ptr<DecodeScratch>* own) {
  if (options.decode_record.empty()) return Open(bytes, options.limits);
  DecodeScratch* scratch = options.scratch;
  if (scratch == nullptr) {
    *own = std::make_unique<DecodeScratch>();
    scratch = own->get();
  }
  return OpenRecordedJpeg(bytes, options.decode_record, options.limits,
                          scratch);
}

absl::Status CheckOptions(const DecodeOptions& options) {
  if (options.channels != 0 && options.channels != 1 && options.channels != 3) {
    return absl::InvalidArgumentError(
        absl::StrCat("channels must be 0, 1 or 3, not ", options.channels));
  }
  const int scale = options.scale_denominator;
  if (scale != 1 && scale != 2 && scale != 4 && scale != 8) {
    return absl::InvalidArgumentError(
        absl::StrCat("scale_denominator must be 1, 2, 4 or 8, not ", scale));
  }
  return absl::OkStatus();
}

absl::StatusOr<Rect> CheckRegion(const Rect& region,
                                 const ImageHeader& header) {
  if (region.width == 0) return Rect{0, 0, header.width(), header.height()};
  const bool inside = region.x >= 0 && region.y >= 0 && region.width > 0 &&
                      region.height > 0 &&
                      region.width <= header.width() - region.x &&
                      region.height <= header.height() - region.y;
  if (inside) return region;
  return absl::InvalidArgumentError(
      absl::StrCat("region ", region.width, "x", region.height, " at (",
                   region.x, ", ", region.y, ") is not inside of the image, ",
                   header.width(), "x", header.height()));
}

// The pixels of the scaled image that a rectangle of the full-size one touches.
Rect TouchedByScaled(const Rect& rect, int scale) {
  const int x = rect.x / scale;
  const int y = rect.y / scale;
  return {x, y, ScaledSide(rect.x + rect.width, scale) - x,
          ScaledSide(rect.y + rect.height, scale) - y};
}

// Eighths at the finest, so exact.
PixelBox ScaledBox(const Rect& rect, const Rect& touched, int scale) {
  const double unit = 1.0 / scale;
  return {rect.x * unit - touched.x, rect.y * unit - touched.y,
          (rect.x + rect.width) * unit - touched.x,
          (rect.y + rect.height) * unit - touched.y};
}

// What a region needs of an opened image.
struct OpenRegion {
  std::unique_ptr<DecodeScratch> own_scratch;
  std::unique_ptr<StoredDecoder> decoder;
  DecodeRequest request;
  int orientation = 1;
};

absl::StatusOr<OpenRegion> Open(absl::string_view bytes,
                                const DecodeOptions& options,
                                const Rect& region) {
  MILLRACE_RETURN_IF_ERROR(CheckOptions(options));
  OpenRegion open;
  MILLRACE_ASSIGN_OR_RETURN(open.decoder,
                            Open(bytes, options, &open.own_scratch));
  ImageHeader header = open.decoder->header();
  if (!options.apply_orientation) header.orientation = 1;
  const int scale = options.scale_denominator;
  header.stored_width = ScaledSide(header.stored_width, scale);
  header.stored_height = ScaledSide(header.stored_height, scale);
  MILLRACE_ASSIGN_OR_RETURN(const Rect upright, CheckRegion(region, header));
  open.request = {
      .region = StoredRegion(upright, header),
      .channels = options.channels ? options.channels : header.channels,
      .scale_denominator = scale};
  open.orientation = header.orientation;
  return open;
}

// Decodes `request` and turns it upright.
absl::Status DecodeUpright(StoredDecoder* decoder, const DecodeRequest& request,
                           int orientation, Image* image,
                           DecodeReport* report) {
  DecodeReport unread;
  if (report == nullptr) report = &unread;
  *report = {};
  if (orientation == 1) return decoder->Decode(request, image, report);
  Image turned;
  MILLRACE_RETURN_IF_ERROR(decoder->Decode(request, &turned, report));
  Orient(turned.view(), orientation, image);
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckPixels(int64_t width, int64_t height,
                         const DecodeLimits& limits) {
  if (width >= 1 && height >= 1 && width <= limits.max_pixels / height) {
    return absl::OkStatus();
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("the image claims ", width, "x", height,
                   " pixels; the limit is ", limits.max_pixels, " in all"));
}

absl::StatusOr<ImageHeader> ReadImageHeader(absl::string_view bytes,
                                            const DecodeLimits& limits) {
  MILLRACE_ASSIGN_OR_RETURN(const auto decoder, Open(bytes, limits));
  return decoder->header();
}

absl::Status DecodeRegion(absl::string_view bytes, const DecodeOptions& options,
                          const Rect& region, Image* image,
                          DecodeReport* report) {
  MILLRACE_ASSIGN_OR_RETURN(const OpenRegion open,
                            Open(bytes, options, region));
  return DecodeUpright(open.decoder.get(), open.request, open.orientation,
                       image, report);
}

absl::Status DecodeRows(absl::string_view bytes, const DecodeOptions& options,
                        const Rect& region, RowSink* sink, Image* spare,
                        DecodeReport* report) {
  MILLRACE_ASSIGN_OR_RETURN(const OpenRegion open,
                            Open(bytes, options, region));
  if (open.orientation == 1) {
    *report = {};
    return open.decoder->DecodeRows(open.request, sink, spare, report);
  }
  MILLRACE_RETURN_IF_ERROR(DecodeUpright(open.decoder.get(), open.request,
                                         open.orientation, spare, report));
  HandOver(spare->view(), sink);
  return absl::OkStatus();
}

absl::Status DecodeScaledCrop(absl::string_view bytes,
                              const DecodeOptions& options, const Rect& crop,
                              Image* image, PixelBox* box,
                              DecodeReport* report) {
  MILLRACE_RETURN_IF_ERROR(CheckOptions(options));
  std::unique_ptr<DecodeScratch> own;
  MILLRACE_ASSIGN_OR_RETURN(const auto decoder, Open(bytes, options, &own));
  ImageHeader header = decoder->header();
  if (!options.apply_orientation) header.orientation = 1;
  MILLRACE_ASSIGN_OR_RETURN(const Rect upright, CheckRegion(crop, header));

  const int scale = options.scale_denominator;
  const Rect stored = StoredRegion(upright, header);
  const Rect touched = TouchedByScaled(stored, scale);
  *box = UprightBox(ScaledBox(stored, touched, scale), touched.width,
                    touched.height, header.orientation);
  const DecodeRequest request = {
      .region = touched,
      .channels = options.channels ? options.channels : header.channels,
      .scale_denominator = scale};
  return DecodeUpright(decoder.get(), request, header.orientation, image,
                       report);
}

absl::StatusOr<Image> Decode(absl::string_view bytes,
                             const DecodeOptions& options,
                             DecodeReport* report) {
  Image image;
  MILLRACE_RETURN_IF_ERROR(DecodeRegion(bytes, options, {}, &image, report));
  return image;
}

}  // namespace millrace
