// PNG through libpng. Rows below the region are not read; an interlaced file
// is decoded as a whole.
#include <cstring>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "image/color.h"
#include "image/png_session.h"
#include "image/stored_decoder.h"

namespace millrace {
namespace {

// Bounds one row; libpng's own default.
constexpr png_uint_32 kMaxSide = 1'000'000;
// Bounds what compressed text and colour profiles may unpack to.
constexpr png_alloc_size_t kMaxChunkBytes = 4 << 20;
constexpr png_uint_32 kMaxCachedChunks = 100;

class PngDecoder final : public StoredDecoder {
 public:
  PngDecoder(absl::string_view bytes, const DecodeLimits& limits)
      : rest_(bytes), limits_(limits) {}
  ~PngDecoder() override { png_destroy_read_struct(&png_, &info_, nullptr); }

  absl::Status Open();
  const ImageHeader& header() const override { return header_; }
  absl::Status Decode(const DecodeRequest& request, Image* image,
                      DecodeReport* report) override;

 private:
  // The steps below call libpng: they run inside RunPng() and own nothing.
  void ReadHeader();
  void AskFor8Bits();
  void ReadRows(const Rect& region, uint8_t* line, Image* image);

  static void ReadBytes(png_structp png, png_bytep out, size_t size);
  absl::Status status() const;
  absl::Status DecodeInterlaced(const Rect& region, Image* image);

  absl::string_view rest_;
  DecodeLimits limits_;
  PngErrors errors_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  ImageHeader header_;
  bool interlaced_ = false;
};

absl::Status PngDecoder::status() const {
  return absl::InvalidArgumentError(absl::StrCat("PNG: ", errors_.message));
}

void PngDecoder::ReadBytes(png_structp png, png_bytep out, size_t size) {
  auto* decoder = static_cast<PngDecoder*>(png_get_io_ptr(png));
  if (size > decoder->rest_.size()) png_error(png, "the data ends early");
  std::memcpy(out, decoder->rest_.data(), size);
  decoder->rest_.remove_prefix(size);
}

absl::Status PngDecoder::Open() {
  if (!RunPng(&errors_, [this] { ReadHeader(); }) || info_ == nullptr) {
    return status();
  }
  const png_uint_32 width = png_get_image_width(png_, info_);
  const png_uint_32 height = png_get_image_height(png_, info_);
  MILLRACE_RETURN_IF_ERROR(CheckPixels(width, height, limits_));
  header_.format = ImageFormat::kPng;
  header_.stored_width = static_cast<int>(width);
  header_.stored_height = static_cast<int>(height);
  header_.channels =
      png_get_color_type(png_, info_) & PNG_COLOR_MASK_COLOR ? 3 : 1;
  interlaced_ = png_get_interlace_type(png_, info_) != PNG_INTERLACE_NONE;
  return absl::OkStatus();
}

void PngDecoder::ReadHeader() {
  png_ =
      png_create_read_struct(PNG_LIBPNG_VER_STRING, &errors_, FailPng, WarnPng);
  if (png_ != nullptr) info_ = png_create_info_struct(png_);
  if (info_ == nullptr) return;
  png_set_read_fn(png_, this, ReadBytes);
  png_set_user_limits(png_, kMaxSide, kMaxSide);
  png_set_chunk_malloc_max(png_, kMaxChunkBytes);
  png_set_chunk_cache_max(png_, kMaxCachedChunks);
  png_read_info(png_, info_);
}

// Whatever the file has, header_.channels bytes a pixel.
void PngDecoder::AskFor8Bits() {
  if (png_get_color_type(png_, info_) == PNG_COLOR_TYPE_PALETTE) {
    png_set_palette_to_rgb(png_);
  }
  png_set_expand_gray_1_2_4_to_8(png_);
  png_set_strip_16(png_);
  png_set_strip_alpha(png_);
  png_set_interlace_handling(png_);
  png_read_update_info(png_, info_);
  if (png_get_rowbytes(png_, info_) !=
      size_t{1} * header_.stored_width * header_.channels) {
    png_error(png_, "unknown kind of pixels");
  }
}

absl::Status PngDecoder::Decode(const DecodeRequest& request, Image* image,
                                DecodeReport* report) {
  if (request.scale_denominator != 1) {
    return absl::UnimplementedError("PNG: cannot be decoded to a scale");
  }
  const Rect& region = request.region;
  image->Reset(region.width, region.height, request.channels);
  if (!RunPng(&errors_, [this] { AskFor8Bits(); })) return status();
  if (interlaced_) {
    MILLRACE_RETURN_IF_ERROR(DecodeInterlaced(region, image));
  } else {
    std::vector<uint8_t> line(png_get_rowbytes(png_, info_));
    if (!RunPng(&errors_, [&] { ReadRows(region, line.data(), image); })) {
      return status();
    }
  }
  report->warning = errors_.warning;
  return absl::OkStatus();
}

void PngDecoder::ReadRows(const Rect& region, uint8_t* line, Image* image) {
  for (int y = 0; y < region.y; ++y) png_read_row(png_, line, nullptr);
  const uint8_t* first = line + ptrdiff_t{region.x} * header_.channels;
  for (int y = 0; y < region.height; ++y) {
    png_read_row(png_, line, nullptr);
    ConvertRow(first, header_.channels, region.width, image->channels(),
               image->row(y));
  }
}

absl::Status PngDecoder::DecodeInterlaced(const Rect& region, Image* image) {
  Image all(header_.stored_width, header_.stored_height, header_.channels);
  std::vector<png_bytep> rows(all.height());
  for (int y = 0; y < all.height(); ++y) rows[y] = all.row(y);
  if (!RunPng(&errors_, [&] { png_read_image(png_, rows.data()); })) {
    return status();
  }
  for (int y = 0; y < region.height; ++y) {
    ConvertRow(all.row(region.y + y) + ptrdiff_t{region.x} * all.channels(),
               all.channels(), region.width, image->channels(), image->row(y));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<StoredDecoder>> OpenPng(
    absl::string_view bytes, const DecodeLimits& limits) {
  auto decoder = std::make_unique<PngDecoder>(bytes, limits);
  MILLRACE_RETURN_IF_ERROR(decoder->Open());
  return decoder;
}

}  // namespace millrace
