#include "image/encode.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "image/jpeg_session.h"
#include "image/png_session.h"

namespace millrace {
namespace {

constexpr int kMaxSide = 65'500;

absl::Status CheckImage(const ImageView& image) {
  const bool fits = image.width >= 1 && image.height >= 1 &&
                    image.width <= kMaxSide && image.height <= kMaxSide;
  if (fits && (image.channels == 1 || image.channels == 3)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "cannot encode an image of ", image.width, "x", image.height, "x",
      image.channels, "; sides are 1 to ", kMaxSide, ", channels 1 or 3"));
}

struct JpegWriter {
  ~JpegWriter() { jpeg_destroy_compress(&cinfo); }

  void Write(const ImageView& image, int quality) {
    cinfo.err = &errors.manager;
    jpeg_create_compress(&cinfo);
    cinfo.dest = &sink.manager;
    cinfo.image_width = image.width;
    cinfo.image_height = image.height;
    cinfo.input_components = image.channels;
    cinfo.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&cinfo);
    jpeg_set_quality(&cinfo, quality, TRUE);
    jpeg_start_compress(&cinfo, TRUE);
    for (int y = 0; y < image.height; ++y) {
      JSAMPROW row = const_cast<JSAMPROW>(image.row(y));
      jpeg_write_scanlines(&cinfo, &row, 1);
    }
    jpeg_finish_compress(&cinfo);
  }

  JpegErrors errors;
  JpegSink sink;
  jpeg_compress_struct cinfo = {};
};

struct PngWriter {
  ~PngWriter() { png_destroy_write_struct(&png, &info); }

  static void Append(png_structp png, png_bytep bytes, size_t size) {
    static_cast<PngWriter*>(png_get_io_ptr(png))
        ->file.append(reinterpret_cast<const char*>(bytes), size);
  }

  void Write(const ImageView& image) {
    png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &errors, FailPng,
                                  WarnPng);
    if (png != nullptr) info = png_create_info_struct(png);
    if (info == nullptr) return;
    png_set_write_fn(png, this, Append, nullptr);
    png_set_IHDR(png, info, image.width, image.height, 8,
                 image.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int y = 0; y < image.height; ++y) png_write_row(png, image.row(y));
    png_write_end(png, info);
  }

  PngErrors errors;
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::string file;
};

}  // namespace

absl::StatusOr<std::string> EncodeJpeg(const ImageView& image, int quality) {
  MILLRACE_RETURN_IF_ERROR(CheckImage(image));
  if (quality < 1 || quality > 100) {
    return absl::InvalidArgumentError(
        absl::StrCat("JPEG quality is 1 to 100, not ", quality));
  }
  JpegWriter writer;
  if (!RunJpeg(&writer.errors, [&] { writer.Write(image, quality); })) {
    return writer.errors.status();
  }
  return std::move(writer.sink.bytes);
}

absl::StatusOr<std::string> EncodePng(const ImageView& image) {
  MILLRACE_RETURN_IF_ERROR(CheckImage(image));
  PngWriter writer;
  const bool written = RunPng(&writer.errors, [&] { writer.Write(image); });
  if (!written || writer.info == nullptr) {
    return absl::InternalError(
        absl::StrCat("PNG: ", writer.errors.message, " while writing"));
  }
  return std::move(writer.file);
}

}  // namespace millrace
