// Regions of a tiled JPEG through libjpeg: a small JPEG is made of the tiles
// around the region, and decoded.
//
// In a small JPEG, rows must begin with a tile. Where a row of the file is a
// whole number of tiles, every row is cut to the tiles that are wanted:
//
//      | tile | TILE | TILE | tile |      cells of one tile, one row
//      | tile | TILE | TILE | tile |
//
// Elsewhere tiles go on in the next row, and rows begin with one only now and
// then; the cut is then made of all the rows between two such:
//
//      | tile | tile | ti                 one cell of several rows
//       le | tile | tile |
#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "image/exif.h"
#include "image/jpeg_header.h"
#include "image/jpeg_markers.h"
#include "image/stored_decoder.h"

namespace millrace {
namespace {

constexpr int kBlockSide = 8;

int DivideUp(int a, int b) { return (a + b - 1) / b; }

class TileDecoder final : public StoredDecoder {
 public:
  TileDecoder(absl::string_view bytes, const JpegLayout& layout,
              const DecodeLimits& limits);

  const ImageHeader& header() const override { return header_; }
  absl::Status Decode(const DecodeRequest& request, Image* image,
                      DecodeReport* report) override;

 private:
  // In cells.
  Rect CellsAround(const Rect& region, int scale) const;
  // Appends the tiles of whole cells [left, right) of one row of cells.
  void AppendTiles(int row, int left, int right);
  void CutOut(const Rect& cells);

  int mcu_width() const { return kBlockSide * layout_.max_h(); }
  int mcu_height() const { return kBlockSide * layout_.max_v(); }

  const absl::string_view bytes_;
  const JpegLayout& layout_;
  const DecodeLimits limits_;
  ImageHeader header_;
  // Of a cell, in MCUs.
  int cell_columns_ = 0;
  int cell_rows_ = 0;
  std::string cut_;
};

TileDecoder::TileDecoder(absl::string_view bytes, const JpegLayout& layout,
                         const DecodeLimits& limits)
    : bytes_(bytes), layout_(layout), limits_(limits) {
  header_.stored_width = layout_.width;
  header_.stored_height = layout_.height;
  header_.channels = layout_.component_count;
  header_.orientation = JpegOrientation(bytes_);
  const int64_t interval = layout_.interval_mcus();
  const int64_t row = layout_.mcus_per_row();
  const bool aligned = row % interval == 0;
  cell_columns_ = static_cast<int>(aligned ? interval : row);
  cell_rows_ = static_cast<int>(interval / std::gcd(interval, row));
}

Rect TileDecoder::CellsAround(const Rect& region, int scale) const {
  const int cell_width = cell_columns_ * mcu_width() / scale;
  const int cell_height = cell_rows_ * mcu_height() / scale;
  const int across = DivideUp(layout_.mcus_per_row(), cell_columns_);
  const int down = DivideUp(layout_.mcu_rows(), cell_rows_);
  int left = std::max(0, region.x - kUpsamplingMargin) / cell_width;
  int right = std::min(
      across,
      DivideUp(region.x + region.width + kUpsamplingMargin, cell_width));
  const auto is_narrow = [&] {
    const int end =
        std::min(right * cell_width, ScaledSide(layout_.width, scale));
    return end - left * cell_width < kMinUpsampledWidth;
  };
  while (left > 0 && is_narrow()) --left;
  while (right < across && is_narrow()) ++right;
  const int top = std::max(0, region.y - kUpsamplingMargin) / cell_height;
  const int bottom = std::min(
      down,
      DivideUp(region.y + region.height + kUpsamplingMargin, cell_height));
  return {left, top, right - left, bottom - top};
}

void TileDecoder::AppendTiles(int row, int left, int right) {
  const int64_t interval = layout_.interval_mcus();
  const int64_t mcus_per_row = layout_.mcus_per_row();
  const int64_t first = row * mcus_per_row * cell_rows_ / interval;
  const int64_t tiles_per_cell =
      int64_t{1} * cell_columns_ * cell_rows_ / interval;
  const size_t begin = first + left * tiles_per_cell;
  const size_t end = std::min<size_t>(first + right * tiles_per_cell,
                                      layout_.offsets.size() - 1);
  const uint32_t offset = layout_.offsets[begin];
  absl::StrAppend(&cut_, bytes_.substr(offset, layout_.offsets[end] - offset));
}

void TileDecoder::CutOut(const Rect& cells) {
  const int cell_width = cell_columns_ * mcu_width();
  const int cell_height = cell_rows_ * mcu_height();
  const int bottom = cells.y + cells.height;
  const int right = cells.x + cells.width;
  WriteJpegHeader(
      layout_,
      std::min(layout_.width, right * cell_width) - cells.x * cell_width,
      std::min(layout_.height, bottom * cell_height) - cells.y * cell_height,
      &cut_);
  for (int row = cells.y; row < bottom; ++row) {
    AppendTiles(row, cells.x, right);
  }
  // In place of the marker behind the last tile.
  cut_[cut_.size() - 2] = '\xFF';
  cut_[cut_.size() - 1] = static_cast<char>(kJpegEndOfImage);
}

absl::Status TileDecoder::Decode(const DecodeRequest& request, Image* image,
                                 DecodeReport* report) {
  const int scale = request.scale_denominator;
  const Rect cells = CellsAround(request.region, scale);
  CutOut(cells);
  MILLRACE_ASSIGN_OR_RETURN(const auto decoder,
                            OpenJpeg(cut_, limits_, JpegRestarts::kAnyOrder));
  DecodeRequest inside = request;
  inside.region.x -= cells.x * cell_columns_ * mcu_width() / scale;
  inside.region.y -= cells.y * cell_rows_ * mcu_height() / scale;
  MILLRACE_RETURN_IF_ERROR(decoder->Decode(inside, image, report));
  if (report->warning.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("JPEG: ", report->warning));
}

}  // namespace

absl::StatusOr<std::unique_ptr<StoredDecoder>> OpenJpegTiles(
    absl::string_view bytes, const JpegLayout& layout,
    const DecodeLimits& limits) {
  MILLRACE_RETURN_IF_ERROR(CheckPixels(layout.width, layout.height, limits));
  return std::make_unique<TileDecoder>(bytes, layout, limits);
}

}  // namespace millrace
