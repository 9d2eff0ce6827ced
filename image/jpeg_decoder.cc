// JPEG through libjpeg-turbo, with the settings that djpeg uses by default.
//
// A region is decoded by skipping the rows above it and, where the file has
// one scan, the MCU columns beside it. libjpeg's chroma upsampling looks one
// chroma sample to each side, so the window is wider than the region by that
// margin; what is kept then equals a full decode to the bit. A file with the
// slightest fault is decoded as a whole instead, since libjpeg's repairs depend
// on the way that it came.
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "image/color.h"
#include "image/exif.h"
#include "image/jpeg_session.h"
#include "image/stored_decoder.h"

namespace millrace {
namespace {

// Takes any restart marker for the one that should come.
boolean AcceptAnyRestart(j_decompress_ptr cinfo, int desired) {
  const int marker = cinfo->unread_marker;
  if (marker < JPEG_RST0 || marker > JPEG_RST0 + 7) {
    return jpeg_resync_to_restart(cinfo, desired);
  }
  cinfo->unread_marker = 0;
  return TRUE;
}

class JpegDecoder final : public StoredDecoder {
 public:
  JpegDecoder(absl::string_view bytes, JpegRestarts restarts,
              const DecodeLimits& limits)
      : bytes_(bytes), restarts_(restarts), limits_(limits) {
    cinfo_.err = &errors_.manager;
  }
  ~JpegDecoder() override { jpeg_destroy_decompress(&cinfo_); }

  absl::Status Open();
  const ImageHeader& header() const override { return header_; }
  absl::Status Decode(const DecodeRequest& request, Image* image,
                      DecodeReport* report) override;

 private:
  // The steps below call libjpeg: they run inside RunJpeg() and own nothing.
  void ReadHeader();
  void Restart();
  void Start(int channels);
  void DecodeWindow(const Rect& region, Image* image);
  void DecodeAll(const Rect& region, Image* image);
  int CropColumns(const Rect& region);
  void ReadRows(const Rect& region, int left, Image* image);
  JSAMPARRAY NewLine();

  absl::Status CheckHeader();

  absl::string_view bytes_;
  const JpegRestarts restarts_;
  DecodeLimits limits_;
  int scale_ = 1;
  JpegErrors errors_;
  JpegScanLimit scan_limit_;
  jpeg_decompress_struct cinfo_ = {};
  ImageHeader header_;
  // The data ended before the last row was out.
  bool ends_early_ = false;
};

absl::Status JpegDecoder::Open() {
  const bool read = RunJpeg(&errors_, [this] {
    jpeg_create_decompress(&cinfo_);
    scan_limit_.Install(limits_.max_scans, &cinfo_);
    ReadHeader();
  });
  return read ? CheckHeader() : errors_.status();
}

void JpegDecoder::ReadHeader() {
  jpeg_mem_src(&cinfo_, reinterpret_cast<const unsigned char*>(bytes_.data()),
               bytes_.size());
  if (restarts_ == JpegRestarts::kAnyOrder) {
    cinfo_.src->resync_to_restart = AcceptAnyRestart;
  }
  jpeg_read_header(&cinfo_, TRUE);
}

absl::Status JpegDecoder::CheckHeader() {
  MILLRACE_RETURN_IF_ERROR(
      CheckPixels(cinfo_.image_width, cinfo_.image_height, limits_));
  header_.format = ImageFormat::kJpeg;
  header_.stored_width = static_cast<int>(cinfo_.image_width);
  header_.stored_height = static_cast<int>(cinfo_.image_height);
  header_.orientation = JpegOrientation(bytes_);
  switch (cinfo_.num_components) {
    case 1:
      header_.channels = 1;
      return absl::OkStatus();
    case 3:
    case 4:
      header_.channels = 3;
      return absl::OkStatus();
    default:
      return absl::UnimplementedError(
          absl::StrCat("JPEG: ", cinfo_.num_components,
                       " components; only gray, RGB and CMYK are known"));
  }
}

absl::Status JpegDecoder::Decode(const DecodeRequest& request, Image* image,
                                 DecodeReport* report) {
  const Rect& region = request.region;
  scale_ = request.scale_denominator;
  image->Reset(region.width, region.height, request.channels);
  const bool whole = region.width == ScaledSide(header_.stored_width, scale_) &&
                     region.height == ScaledSide(header_.stored_height, scale_);
  if (!whole && !errors_.warned()) {
    const bool decoded =
        RunJpeg(&errors_, [&] { DecodeWindow(region, image); });
    if (decoded && !errors_.warned()) return absl::OkStatus();
    if (!RunJpeg(&errors_, [this] { Restart(); })) return errors_.status();
  }
  const bool decoded = RunJpeg(&errors_, [&] { DecodeAll(region, image); });
  report->warning = errors_.warning;
  report->ends_early = ends_early_;
  return decoded ? absl::OkStatus() : errors_.status();
}

void JpegDecoder::Restart() {
  jpeg_abort_decompress(&cinfo_);
  errors_.ForgetWarnings();
  ReadHeader();
}

// Takes CMYK as it is, and lets libjpeg repeat gray into RGB.
void JpegDecoder::Start(int channels) {
  if (cinfo_.num_components == 1 && channels == 3) {
    cinfo_.out_color_space = JCS_RGB;
  }
  cinfo_.scale_num = 1;
  cinfo_.scale_denom = scale_;
  jpeg_start_decompress(&cinfo_);
}

void JpegDecoder::DecodeWindow(const Rect& region, Image* image) {
  Start(image->channels());
  const int left = jpeg_has_multiple_scans(&cinfo_) ? 0 : CropColumns(region);
  if (region.y > 0) jpeg_skip_scanlines(&cinfo_, region.y);
  ReadRows(region, region.x - left, image);
  jpeg_abort_decompress(&cinfo_);
}

// Narrows the output to the MCU columns around the region; returns the first
// column that is left.
int JpegDecoder::CropColumns(const Rect& region) {
  const int factor = cinfo_.num_components == 1 ? 1 : cinfo_.max_h_samp_factor;
  // Scaled, libjpeg gets the width of such chroma wrong.
  if (scale_ > 1 && factor > 2) return 0;
  const int mcu = DCTSIZE / scale_ * factor;
  const int columns = static_cast<int>(cinfo_.output_width);
  int left = std::max(0, region.x - kUpsamplingMargin) / mcu * mcu;
  const int right =
      std::min(columns, region.x + region.width + kUpsamplingMargin + mcu - 1);
  while (right - left < kMinUpsampledWidth && left > 0) left -= mcu;
  if (left == 0 && right == columns) return 0;
  JDIMENSION x = left;
  JDIMENSION width = right - left;
  jpeg_crop_scanline(&cinfo_, &x, &width);
  return static_cast<int>(x);
}

void JpegDecoder::ReadRows(const Rect& region, int left, Image* image) {
  const int from = cinfo_.output_components;
  const int to = image->channels();
  const bool direct =
      from == to && cinfo_.output_width == JDIMENSION(region.width);
  const JSAMPARRAY line = direct ? nullptr : NewLine();
  for (int y = 0; y < region.height; ++y) {
    JSAMPROW row = direct ? image->row(y) : line[0];
    jpeg_read_scanlines(&cinfo_, &row, 1);
    if (direct) continue;
    ConvertRow(row + ptrdiff_t{left} * from, from, region.width, to,
               image->row(y));
  }
}

void JpegDecoder::DecodeAll(const Rect& region, Image* image) {
  Start(image->channels());
  const JSAMPARRAY line = NewLine();
  const auto skip_to = [&](JDIMENSION y) {
    while (cinfo_.output_scanline < y) {
      jpeg_read_scanlines(&cinfo_, line, 1);
    }
  };
  skip_to(region.y);
  ReadRows(region, region.x, image);
  skip_to(cinfo_.output_height);
  ends_early_ = errors_.input_ended;
  jpeg_finish_decompress(&cinfo_);
}

// Memory for one row of output, owned by libjpeg.
JSAMPARRAY JpegDecoder::NewLine() {
  return cinfo_.mem->alloc_sarray(
      reinterpret_cast<j_common_ptr>(&cinfo_), JPOOL_IMAGE,
      cinfo_.output_width * cinfo_.output_components, 1);
}

}  // namespace

absl::StatusOr<std::unique_ptr<StoredDecoder>> OpenJpeg(
    absl::string_view bytes, const DecodeLimits& limits,
    JpegRestarts restarts) {
  auto decoder = std::make_unique<JpegDecoder>(bytes, restarts, limits);
  MILLRACE_RETURN_IF_ERROR(decoder->Open());
  return decoder;
}

}  // namespace millrace
