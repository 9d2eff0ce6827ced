#include "tests/image/jpeg_testing.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>

namespace millrace {
namespace {

struct Errors {
  jpeg_error_mgr manager;
  std::jmp_buf jump;
};

void JumpOut(j_common_ptr cinfo) {
  std::longjmp(reinterpret_cast<Errors*>(cinfo->err)->jump, 1);
}

void Ignore(j_common_ptr /*cinfo*/, int /*level*/) {}

// A compressor that writes to memory.
struct Compressor {
  Compressor() {
    cinfo.err = jpeg_std_error(&errors.manager);
    errors.manager.error_exit = JumpOut;
    errors.manager.emit_message = Ignore;
    jpeg_create_compress(&cinfo);
    jpeg_mem_dest(&cinfo, &buffer, &size);
  }
  ~Compressor() {
    jpeg_destroy_compress(&cinfo);
    std::free(buffer);
  }
  std::string file() const {
    return {reinterpret_cast<const char*>(buffer), size};
  }
  // Sets all that comes before the pixels.
  void Prepare(int width, int height, int channels, const JpegKind& kind);

  Errors errors;
  jpeg_compress_struct cinfo = {};
  unsigned char* buffer = nullptr;
  unsigned long size = 0;  // NOLINT: libjpeg's type.
};

void Compressor::Prepare(int width, int height, int channels,
                         const JpegKind& kind) {
  cinfo.image_width = width;
  cinfo.image_height = height;
  cinfo.input_components = channels;
  cinfo.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&cinfo);
  if (kind.rgb) jpeg_set_colorspace(&cinfo, JCS_RGB);
  jpeg_set_quality(&cinfo, kind.quality, TRUE);
  if (channels == 3 && !kind.rgb) {
    cinfo.comp_info[0].h_samp_factor = kind.luma_columns;
    cinfo.comp_info[0].v_samp_factor = kind.luma_rows;
  }
  cinfo.restart_interval = kind.restart_interval;
  cinfo.arith_code = kind.arithmetic;
  cinfo.optimize_coding = kind.optimize;
  if (kind.progressive) jpeg_simple_progression(&cinfo);
}

int BlocksAcross(int pixels, int factor, int max_factor) {
  const int mcus = (pixels + 8 * max_factor - 1) / (8 * max_factor);
  return mcus * factor;
}

}  // namespace

std::string WriteJpeg(const Image& image, const JpegKind& kind) {
  Compressor out;
  if (setjmp(out.errors.jump) != 0) return "";
  out.Prepare(image.width(), image.height(), image.channels(), kind);
  jpeg_start_compress(&out.cinfo, TRUE);
  for (int y = 0; y < image.height(); ++y) {
    JSAMPROW row = const_cast<JSAMPROW>(image.row(y));
    jpeg_write_scanlines(&out.cinfo, &row, 1);
  }
  jpeg_finish_compress(&out.cinfo);
  return out.file();
}

std::string RewriteJpeg(absl::string_view jpeg, int restart_interval) {
  Compressor out;
  jpeg_decompress_struct in = {};
  in.err = &out.errors.manager;
  jpeg_create_decompress(&in);
  if (setjmp(out.errors.jump) != 0) {
    jpeg_destroy_decompress(&in);
    return "";
  }
  jpeg_mem_src(&in, reinterpret_cast<const unsigned char*>(jpeg.data()),
               jpeg.size());
  jpeg_read_header(&in, TRUE);
  jvirt_barray_ptr* coefficients = jpeg_read_coefficients(&in);
  jpeg_copy_critical_parameters(&in, &out.cinfo);
  out.cinfo.optimize_coding = TRUE;
  out.cinfo.restart_interval = restart_interval;
  jpeg_write_coefficients(&out.cinfo, coefficients);
  jpeg_finish_compress(&out.cinfo);
  jpeg_destroy_decompress(&in);
  return out.file();
}

std::string WildJpeg(int width, int height, int channels, const JpegKind& kind,
                     int amplitude, double density, std::mt19937* random) {
  Compressor out;
  if (setjmp(out.errors.jump) != 0) return "";
  out.Prepare(width, height, channels, kind);
  out.cinfo.optimize_coding = TRUE;
  jvirt_barray_ptr planes[3];
  const int max_h = channels == 1 ? 1 : kind.luma_columns;
  const int max_v = channels == 1 ? 1 : kind.luma_rows;
  if (channels == 1) {
    out.cinfo.comp_info[0].h_samp_factor = 1;
    out.cinfo.comp_info[0].v_samp_factor = 1;
  }
  const auto rows_of = [&](int c) {
    return BlocksAcross(height, out.cinfo.comp_info[c].v_samp_factor, max_v);
  };
  for (int c = 0; c < channels; ++c) {
    const int columns =
        BlocksAcross(width, out.cinfo.comp_info[c].h_samp_factor, max_h);
    planes[c] = out.cinfo.mem->request_virt_barray(
        reinterpret_cast<j_common_ptr>(&out.cinfo), JPOOL_IMAGE, TRUE, columns,
        rows_of(c), rows_of(c));
  }
  jpeg_write_coefficients(&out.cinfo, planes);
  const auto draw = [&](double part) -> JCOEF {
    if ((*random)() % 10'000 >= part * 10'000) return 0;
    return static_cast<JCOEF>(
        static_cast<int>((*random)() % (2 * amplitude + 1)) - amplitude);
  };
  for (int c = 0; c < channels; ++c) {
    const int columns =
        BlocksAcross(width, out.cinfo.comp_info[c].h_samp_factor, max_h);
    JBLOCKARRAY blocks = out.cinfo.mem->access_virt_barray(
        reinterpret_cast<j_common_ptr>(&out.cinfo), planes[c], 0, rows_of(c),
        TRUE);
    for (int row = 0; row < rows_of(c); ++row) {
      for (int column = 0; column < columns; ++column) {
        // Now and then a block of DC alone.
        const bool flat = (*random)() % 8 == 0;
        for (int k = 0; k < 64; ++k) {
          blocks[row][column][k] = draw(k == 0 ? 1 : flat ? 0 : density);
        }
      }
    }
  }
  jpeg_finish_compress(&out.cinfo);
  return out.file();
}

}  // namespace millrace
