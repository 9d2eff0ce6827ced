#include "ingest/pixel_check.h"

#include "absl/strings/str_cat.h"
#include "image/decode.h"
#include "ingest/image_intake.h"

namespace millrace {
namespace {

absl::Status Bad(absl::string_view what) { return absl::DataLossError(what); }

bool IsOfSize(const Image& image, const v1::ImageInfo& info) {
  return static_cast<uint32_t>(image.width()) == info.width() &&
         static_cast<uint32_t>(image.height()) == info.height() &&
         static_cast<uint32_t>(image.channels()) == info.channels();
}

}  // namespace

absl::Status CheckPixels(const Sample& sample) {
  const v1::ImageInfo& info = sample.meta.image();
  if (info.format() == v1::IMAGE_FORMAT_RAW) {
    const absl::Status checked = CheckRaw(info, sample.image);
    return checked.ok() ? checked : Bad(checked.message());
  }
  DecodeOptions options;
  options.limits.max_pixels = int64_t{info.width()} * info.height();
  const absl::StatusOr<Image> plain = Decode(sample.image, options);
  if (!plain.ok()) return Bad(plain.status().message());
  if (!IsOfSize(*plain, info)) {
    return Bad(absl::StrCat("decodes to ", plain->width(), " x ",
                            plain->height(), " x ", plain->channels(),
                            ", not to the ", info.width(), " x ", info.height(),
                            " x ", info.channels(), " of its metadata"));
  }
  if (sample.decode_record.empty()) return absl::OkStatus();
  options.decode_record = sample.decode_record;
  const absl::StatusOr<Image> tiled = Decode(sample.image, options);
  if (!tiled.ok()) {
    return Bad(absl::StrCat("decodes, but not by its decode record: ",
                            tiled.status().message()));
  }
  if (!IsOfSize(*tiled, info) || tiled->pixels() != plain->pixels()) {
    return Bad("decodes to other pixels by its decode record");
  }
  return absl::OkStatus();
}

}  // namespace millrace
