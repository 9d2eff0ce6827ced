#include "ingest/image_check.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "ingest/text.h"

namespace millrace {
namespace {

// RGB, and the coefficients of a progressive JPEG without subsampling.
constexpr uint64_t kDecodeBytesPerPixel = 3 + 6;
// More than this is not kept from one image to the next.
constexpr size_t kKeptBytes = size_t{32} << 20;

}  // namespace

absl::StatusOr<v1::ImageInfo> ImageCheck::CheckEncoded(
    absl::string_view bytes) {
  MILLRACE_ASSIGN_OR_RETURN(const ImageHeader header,
                            ReadImageHeader(bytes, limits_));
  DecodeOptions options;
  options.limits = limits_;
  options.apply_orientation = false;  // It changes no verdict.
  DecodeReport report;
  {
    const auto reserved =
        budget_->Reserve(uint64_t{1} * header.stored_width *
                         header.stored_height * kDecodeBytesPerPixel);
    const absl::Status status =
        DecodeRegion(bytes, options, Rect{}, &pixels_, &report);
    if (pixels_.pixels().capacity() > kKeptBytes) pixels_ = Image();
    MILLRACE_RETURN_IF_ERROR(status);
  }
  const bool jpeg = header.format == ImageFormat::kJpeg;
  if (report.ends_early) {
    return absl::InvalidArgumentError(absl::StrCat(
        jpeg ? "JPEG" : "PNG",
        " data ends early; the decoder's first complaint: ", report.warning));
  }

  v1::ImageInfo info;
  info.set_format(jpeg ? v1::IMAGE_FORMAT_JPEG : v1::IMAGE_FORMAT_PNG);
  info.set_width(static_cast<uint32_t>(header.width()));
  info.set_height(static_cast<uint32_t>(header.height()));
  info.set_channels(static_cast<uint32_t>(header.channels));
  info.set_orientation(static_cast<uint32_t>(header.orientation));
  info.set_warning(Printable(report.warning));
  return info;
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
