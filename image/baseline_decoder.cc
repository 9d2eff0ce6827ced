#include "image/baseline_decoder.h"

#include <algorithm>
#include <cstring>

#include "image/baseline_idct.h"
#include "image/baseline_rows.h"
#include "image/color.h"

namespace millrace {
namespace {

constexpr int kBlockSide = 8;
// jinit_upsampler(): the filters for columns need more samples than this.
constexpr int kNarrowChroma = 2;

int DivideUp(int a, int b) { return (a + b - 1) / b; }

// The samples that upsampling reads for the pixels [begin, end): one more on
// each side where there are two pixels a sample.
template <typename Range>
Range SamplesFor(int begin, int end, int pixels_per_sample, int samples) {
  if (pixels_per_sample == 1) return {begin, end};
  return {std::max(0, begin / 2 - 1), std::min(samples, (end - 1) / 2 + 2)};
}

}  // namespace

bool IsServedByBaselineDecoder(const JpegLayout& layout) {
  if (layout.needs_libjpeg) return false;
  if (layout.color == JpegColor::kGray) return true;
  if (layout.color != JpegColor::kYcc) return false;
  const JpegLayout::Component& luma = layout.components[0];
  if (luma.h > 2 || luma.v > 2) return false;
  for (int i = 1; i < layout.component_count; ++i) {
    const JpegLayout::Component& chroma = layout.components[i];
    if (chroma.h != 1 || chroma.v != 1) return false;
  }
  return luma.h == 1 || DivideUp(layout.width, 2) > kNarrowChroma;
}

absl::Status BaselineDecoder::Decode(absl::string_view jpeg,
                                     const JpegLayout& layout,
                                     const Rect& region, int channels,
                                     Image* image) {
  ImageRows rows(image);
  return Decode(jpeg, layout, region, channels, &rows);
}

absl::Status BaselineDecoder::Decode(absl::string_view jpeg,
                                     const JpegLayout& layout,
                                     const Rect& region, int channels,
                                     RowSink* sink) {
  if (!IsServedByBaselineDecoder(layout) ||
      layout.offsets.back() > jpeg.size()) {
    return absl::UnimplementedError("JPEG: not for the baseline decoder");
  }
  layout_ = &layout;
  Prepare(region);
  scan_.Begin(jpeg, layout, mcus_);
  sink->Begin(region.width, region.height, channels);
  const int mcu_height = kBlockSide * layout.max_v();
  const int last_mcu_row = mcus_.y + mcus_.height;
  int y = region.y;
  for (int mcu_row = mcus_.y; mcu_row < last_mcu_row;) {
    const int rows = std::min(scan_.band_rows(), last_mcu_row - mcu_row);
    if (!scan_.DecodeBand(rows)) {
      return absl::UnimplementedError("JPEG: irregular entropy-coded data");
    }
    TransformBand(mcu_row, rows);
    mcu_row += rows;
    // The last row of a band waits for the chroma of the next one.
    const int held_back = layout.max_v() - 1;
    const int end = mcu_row == last_mcu_row ? region.y + region.height
                                            : mcu_row * mcu_height - held_back;
    while (y < end) {
      const ImageSpan room = sink->Room(end - y);
      for (int i = 0; i < room.height; ++i, ++y) {
        WriteRow(y, region, channels, room.row(i));
      }
      sink->Filled();
    }
  }
  return absl::OkStatus();
}

size_t BaselineDecoder::bytes() const {
  size_t bytes = scan_.bytes() + rgb_.capacity();
  for (const Plane& plane : planes_) {
    bytes += plane.samples.capacity() + plane.upsampled.capacity();
  }
  return bytes;
}

void BaselineDecoder::Prepare(const Rect& region) {
  for (int i = 0; i < layout_->component_count; ++i) PreparePlane(i, region);
  mcus_ = McusToDecode();
  for (int i = 0; i < layout_->component_count; ++i) {
    Plane& plane = planes_[i];
    plane.left = mcus_.x * kBlockSide * layout_->components[i].h;
  }
}

void BaselineDecoder::PreparePlane(int component, const Rect& region) {
  const JpegLayout::Component& factors = layout_->components[component];
  Plane& plane = planes_[component];
  plane.columns_per_sample = layout_->max_h() / factors.h;
  plane.rows_per_sample = layout_->max_v() / factors.v;
  plane.width = DivideUp(layout_->width, plane.columns_per_sample);
  plane.height = DivideUp(layout_->height, plane.rows_per_sample);
  plane.columns = SamplesFor<Range>(region.x, region.x + region.width,
                                    plane.columns_per_sample, plane.width);
  plane.rows = SamplesFor<Range>(region.y, region.y + region.height,
                                 plane.rows_per_sample, plane.height);
  plane.upsampled.resize(region.width + 2 + 2 * Plane::kRowPadding);
}

// Those of the last component, which needs the widest margin.
Rect BaselineDecoder::McusToDecode() const {
  const int last = layout_->component_count - 1;
  const Range& columns = planes_[last].columns;
  const Range& rows = planes_[last].rows;
  const int x = columns.begin / kBlockSide;
  const int y = rows.begin / kBlockSide;
  return {x, y, (columns.end - 1) / kBlockSide + 1 - x,
          (rows.end - 1) / kBlockSide + 1 - y};
}

void BaselineDecoder::TransformBand(int mcu_row, int rows) {
  for (int i = 0; i < layout_->component_count; ++i) {
    const int factor = layout_->components[i].v;
    TransformRows(i, mcu_row * factor, rows * factor);
  }
}

void BaselineDecoder::TransformRows(int component, int first_block_row,
                                    int rows) {
  Plane& plane = planes_[component];
  const int groups = scan_.groups_per_row(component);
  const int first_row = first_block_row * kBlockSide;
  plane.stride = 2 * Plane::kRowPadding + ptrdiff_t{1} * groups * kGroupRow;
  const size_t needed =
      (size_t{1} * scan_.band_rows() * 2 * kBlockSide + 1) * plane.stride;
  if (plane.samples.size() < needed) plane.samples.resize(needed);
  if (first_row > plane.rows.begin) {
    uint8_t* last = plane.row(first_row - 1) - Plane::kRowPadding;
    std::memcpy(plane.samples.data(), last, plane.stride);
  }
  plane.above = first_row - 1;

  const JpegQuantizers& quantizers =
      layout_->quantizers[layout_->components[component].quantizers];
  for (int i = 0; i < rows; ++i) {
    const int row = first_row + i * kBlockSide;
    int16_t* coefficients = scan_.groups(component, i);
    if (row + kBlockSide <= plane.rows.begin || row >= plane.rows.end) {
      std::fill_n(coefficients, ptrdiff_t{1} * groups * kGroupCoefficients,
                  int16_t{0});
      continue;
    }
    InverseDct(coefficients, groups, quantizers, plane.row(row), plane.stride);
  }
  if (plane.columns_per_sample == 2) {
    RepeatBorders(&plane, first_row, rows * kBlockSide);
  }
}

// Upsampling reads a column beyond both borders of the image.
void BaselineDecoder::RepeatBorders(Plane* plane, int first_row, int rows) {
  const int last = plane->width - 1 - plane->left;
  for (int y = first_row; y < first_row + rows; ++y) {
    uint8_t* row = plane->row(y);
    if (plane->left == 0) row[-1] = row[0];
    if (plane->columns.end == plane->width) row[last + 1] = row[last];
  }
}

void BaselineDecoder::WriteRow(int y, const Rect& region, int channels,
                               uint8_t* out) {
  const uint8_t* luma = planes_[0].row(y) + region.x - planes_[0].left;
  if (layout_->component_count == 1) {
    ConvertRow(luma, 1, region.width, channels, out);
    return;
  }
  const uint8_t* cb = ChromaRow(&planes_[1], y, region);
  const uint8_t* cr = ChromaRow(&planes_[2], y, region);
  if (channels == 3) {
    YccToRgb(luma, cb, cr, region.width, out);
    return;
  }
  rgb_.resize(size_t{3} * region.width);
  YccToRgb(luma, cb, cr, region.width, rgb_.data());
  ConvertRow(rgb_.data(), 3, region.width, 1, out);
}

// One sample a pixel, from the region's first column on.
const uint8_t* BaselineDecoder::ChromaRow(Plane* plane, int y,
                                          const Rect& region) {
  const int column = region.x / plane->columns_per_sample;
  const int count =
      (region.x + region.width - 1) / plane->columns_per_sample + 1 - column;
  const int row = y / plane->rows_per_sample;
  const uint8_t* samples = plane->row(row) + column - plane->left;
  uint8_t* out = plane->upsampled.data();
  if (plane->rows_per_sample == 1) {
    if (plane->columns_per_sample == 1) return samples;
    UpsampleColumns(samples, count, out);
    return out + region.x % 2;
  }
  const bool lower = y % 2 != 0;
  const int other_row =
      std::clamp(lower ? row + 1 : row - 1, 0, plane->height - 1);
  const uint8_t* other = plane->row(other_row) + column - plane->left;
  if (plane->columns_per_sample == 1) {
    UpsampleRows(samples, other, lower ? RowParity::kLower : RowParity::kUpper,
                 count, out);
    return out;
  }
  UpsampleBoth(samples, other, count, out);
  return out + region.x % 2;
}

}  // namespace millrace
