#include "image/jpeg_tiling.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "image/jpeg_markers.h"
#include "image/jpeg_session.h"
#include "image/jpeg_symbols.h"
#include "image/stored_decoder.h"

namespace millrace {
namespace {

constexpr int kMinTileMcus = 4;
// A tile costs about 5.5 bytes: its marker, the bits that fill up the byte
// before it, the DC values that begin anew behind it, its place in the record.
constexpr uint64_t kMinTileBytes = 280;

constexpr int kTables = JpegLayout::kMaxTables;

// A file being read and written again.
class Rewriter {
 public:
  Rewriter() {
    source_.err = &errors_.manager;
    target_.err = &errors_.manager;
  }
  ~Rewriter() {
    jpeg_destroy_compress(&target_);
    jpeg_destroy_decompress(&source_);
  }
  Rewriter(const Rewriter&) = delete;
  Rewriter& operator=(const Rewriter&) = delete;

  absl::Status Open(absl::string_view bytes, const DecodeLimits& limits);
  // After Open(): INVALID_ARGUMENT if there was so much as a warning.
  // *pixels, unless null, gets the image.
  absl::StatusOr<std::string> Rewrite(uint64_t source_bytes, Image* pixels);

 private:
  absl::Status CheckKind() const;
  absl::Status Verdict(bool done) const;

  // The steps below call libjpeg: they run inside RunJpeg() and own nothing.
  void ReadCoefficients();
  void ReadPixels(Image* pixels);
  void CountSymbols(uint64_t source_bytes);
  void CountComponent(int index);
  void InstallTables();
  void Write();
  void CopyMarkers();

  bool single() const { return source_.num_components == 1; }

  absl::string_view source_bytes_;
  JpegErrors errors_;
  JpegScanLimit scan_limit_;
  jpeg_decompress_struct source_ = {};
  jpeg_compress_struct target_ = {};
  JpegSink sink_;
  jvirt_barray_ptr* coefficients_ = nullptr;
  int mcus_per_row_ = 0;
  int mcu_rows_ = 0;
  std::array<JpegSymbolCounts, kTables> dc_counts_ = {};
  std::array<JpegSymbolCounts, kTables> ac_counts_ = {};
};

absl::Status Rewriter::Open(absl::string_view bytes,
                            const DecodeLimits& limits) {
  source_bytes_ = bytes;
  const bool read = RunJpeg(&errors_, [&] {
    jpeg_create_decompress(&source_);
    jpeg_create_compress(&target_);
    scan_limit_.Install(limits.max_scans, &source_);
    jpeg_mem_src(&source_, reinterpret_cast<const unsigned char*>(bytes.data()),
                 bytes.size());
    jpeg_read_header(&source_, TRUE);
  });
  MILLRACE_RETURN_IF_ERROR(Verdict(read));
  MILLRACE_RETURN_IF_ERROR(
      CheckPixels(source_.image_width, source_.image_height, limits));
  return CheckKind();
}

absl::Status Rewriter::Verdict(bool done) const {
  if (!done) return errors_.status();
  if (errors_.warned()) {
    return absl::InvalidArgumentError(absl::StrCat("JPEG: ", errors_.warning));
  }
  return absl::OkStatus();
}

absl::Status Rewriter::CheckKind() const {
  if (source_.num_components != 1 && source_.num_components != 3) {
    return absl::UnimplementedError(
        absl::StrCat("no tiles for ", source_.num_components, " components"));
  }
  for (int i = 0; i < source_.num_components; ++i) {
    const jpeg_component_info& component = source_.comp_info[i];
    if (source_.max_h_samp_factor % component.h_samp_factor != 0 ||
        source_.max_v_samp_factor % component.v_samp_factor != 0) {
      return absl::UnimplementedError("no tiles for fractional sampling");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Rewriter::Rewrite(uint64_t source_bytes,
                                              Image* pixels) {
  if (pixels != nullptr) {
    pixels->Reset(static_cast<int>(source_.image_width),
                  static_cast<int>(source_.image_height),
                  source_.num_components);
  }
  MILLRACE_RETURN_IF_ERROR(Verdict(RunJpeg(&errors_, [&] {
    ReadCoefficients();
    if (pixels != nullptr) ReadPixels(pixels);
    CountSymbols(source_bytes);
  })));
  for (int i = 0; i < kTables; ++i) {
    if (InBaselineRange(dc_counts_[i], ac_counts_[i])) continue;
    return absl::InvalidArgumentError(
        "JPEG: coefficients beyond those of a baseline file");
  }
  InstallTables();
  MILLRACE_RETURN_IF_ERROR(Verdict(RunJpeg(&errors_, [&] { Write(); })));
  return std::move(sink_.bytes);
}

// libjpeg's "buffered image" mode: it keeps the coefficients, and makes pixels
// of them when asked.
void Rewriter::ReadCoefficients() {
  source_.buffered_image = TRUE;
  jpeg_start_decompress(&source_);
  while (jpeg_input_complete(&source_) == FALSE) {
    source_.progress->progress_monitor(
        reinterpret_cast<j_common_ptr>(&source_));
    jpeg_consume_input(&source_);
  }
  coefficients_ = jpeg_read_coefficients(&source_);
}

void Rewriter::ReadPixels(Image* pixels) {
  jpeg_start_output(&source_, source_.input_scan_number);
  while (source_.output_scanline < source_.output_height) {
    JSAMPROW row = pixels->row(static_cast<int>(source_.output_scanline));
    jpeg_read_scanlines(&source_, &row, 1);
  }
  jpeg_finish_output(&source_);
}

void Rewriter::CountSymbols(uint64_t source_bytes) {
  target_.dest = &sink_.manager;
  jpeg_copy_critical_parameters(&source_, &target_);
  const int mcu_width = DCTSIZE * (single() ? 1 : source_.max_h_samp_factor);
  const int mcu_height = DCTSIZE * (single() ? 1 : source_.max_v_samp_factor);
  mcus_per_row_ = (int(source_.image_width) + mcu_width - 1) / mcu_width;
  mcu_rows_ = (int(source_.image_height) + mcu_height - 1) / mcu_height;
  target_.restart_interval = TileMcus(mcus_per_row_, mcu_rows_, source_bytes);
  for (int i = 0; i < source_.num_components; ++i) CountComponent(i);
}

void Rewriter::CountComponent(int index) {
  const jpeg_component_info& info = source_.comp_info[index];
  JpegSymbolCounter counter(&dc_counts_[target_.comp_info[index].dc_tbl_no],
                            &ac_counts_[target_.comp_info[index].ac_tbl_no]);
  const int across = single() ? 1 : info.h_samp_factor;
  const int down = single() ? 1 : info.v_samp_factor;
  const int width = static_cast<int>(info.width_in_blocks);
  const auto count_mcu = [&](JBLOCKARRAY rows, int left, int height) {
    for (int y = 0; y < down; ++y) {
      for (int x = left; x < left + across; ++x) {
        if (y < height && x < width) {
          counter.CountBlock(rows[y][x]);
        } else {
          counter.CountFiller();
        }
      }
    }
  };
  unsigned mcu = 0;
  for (int row = 0; row < mcu_rows_; ++row) {
    const JBLOCKARRAY rows = source_.mem->access_virt_barray(
        reinterpret_cast<j_common_ptr>(&source_), coefficients_[index],
        row * down, down, FALSE);
    const int height = static_cast<int>(info.height_in_blocks) - row * down;
    for (int column = 0; column < mcus_per_row_; ++column, ++mcu) {
      if (mcu % target_.restart_interval == 0) counter.BeginInterval();
      count_mcu(rows, column * across, height);
    }
  }
}

void Rewriter::InstallTables() {
  const auto install = [](const JpegSymbolCounts& counts, JHUFF_TBL* out) {
    const JpegHuffmanTable table = OptimalHuffmanTable(counts);
    std::copy(table.counts.begin(), table.counts.end(), out->bits + 1);
    std::copy(table.symbols.begin(), table.symbols.end(), out->huffval);
  };
  // jpeg_copy_critical_parameters() has made tables for all these.
  for (int i = 0; i < target_.num_components; ++i) {
    const int dc = target_.comp_info[i].dc_tbl_no;
    const int ac = target_.comp_info[i].ac_tbl_no;
    install(dc_counts_[dc], target_.dc_huff_tbl_ptrs[dc]);
    install(ac_counts_[ac], target_.ac_huff_tbl_ptrs[ac]);
  }
}

void Rewriter::Write() {
  jpeg_write_coefficients(&target_, coefficients_);
  CopyMarkers();
  jpeg_finish_compress(&target_);
  jpeg_finish_decompress(&source_);
}

// All that stand before the first scan, but those that libjpeg writes itself.
// Read anew, since libjpeg's list of them takes quadratic time to grow.
void Rewriter::CopyMarkers() {
  JpegSegmentReader segments(source_bytes_);
  while (const std::optional<JpegSegment> segment = segments.Next()) {
    const bool app =
        segment->marker >= kJpegApp0 && segment->marker <= kJpegApp15;
    if (!app && segment->marker != kJpegComment) continue;
    const auto is = [&](int marker, absl::string_view name) {
      return segment->marker == marker && absl::StartsWith(segment->body, name);
    };
    if (target_.write_JFIF_header &&
        is(kJpegApp0, absl::string_view("JFIF\0", 5))) {
      continue;
    }
    if (target_.write_Adobe_marker && is(kJpegApp14, "Adobe")) continue;
    jpeg_write_marker(&target_, segment->marker,
                      reinterpret_cast<const JOCTET*>(segment->body.data()),
                      static_cast<unsigned>(segment->body.size()));
  }
}

}  // namespace

int TileMcus(int mcus_per_row, int mcu_rows, uint64_t bytes) {
  const uint64_t mcus = uint64_t{1} * mcus_per_row * mcu_rows;
  const uint64_t fewest = (kMinTileBytes * mcus + bytes - 1) / bytes;
  const int wanted = static_cast<int>(
      std::min<uint64_t>(std::max<uint64_t>(fewest, kMinTileMcus),
                         static_cast<uint64_t>(mcus_per_row)));
  // Rows after which a tile begins at the border again.
  const auto period = [&](int n) { return n / std::gcd(n, mcus_per_row); };
  int best = wanted;
  for (int n = wanted + 1; n <= wanted + wanted / 2 && n <= mcus_per_row; ++n) {
    if (period(n) < period(best)) best = n;
  }
  return best;
}

absl::StatusOr<TiledJpeg> TileJpeg(absl::string_view bytes,
                                   const DecodeLimits& limits, Image* pixels) {
  Rewriter rewriter;
  MILLRACE_RETURN_IF_ERROR(rewriter.Open(bytes, limits));
  TiledJpeg tiled;
  MILLRACE_ASSIGN_OR_RETURN(tiled.bytes,
                            rewriter.Rewrite(bytes.size(), pixels));
  MILLRACE_ASSIGN_OR_RETURN(tiled.layout, ParseJpegLayout(tiled.bytes));
  return tiled;
}

}  // namespace millrace
