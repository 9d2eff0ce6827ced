#include "image/baseline_scan.h"

#include <algorithm>

#include "image/jpeg_markers.h"
#include "image/jpeg_stuffing.h"

namespace millrace {
namespace {

// Tiles that are decoded together: enough that all lanes are busy most of the
// time, few enough that their coefficients stay in the second-level cache.
constexpr int kBandTiles = 48;
constexpr int kMaxBandRows = 6;
constexpr int kCacheLine = 64;
constexpr uint8_t kFirstRestart = 0xD0;

}  // namespace

void BaselineScan::Begin(absl::string_view jpeg, const JpegLayout& layout,
                         const Rect& mcus) {
  jpeg_ = jpeg;
  layout_ = &layout;
  mcus_ = mcus;
  mcus_per_row_ = layout.mcus_per_row();
  interval_mcus_ = layout.interval_mcus();
  all_mcus_ = mcus_per_row_ * layout.mcu_rows();
  turned_ = -1;
  mcu_.blocks = 0;
  for (int i = 0; i < layout.component_count; ++i) {
    const int blocks = layout.components[i].h * layout.components[i].v;
    for (int j = 0; j < blocks; ++j) mcu_.components[mcu_.blocks++] = i;
  }
  const Index tiles_per_row = mcus.width / interval_mcus_ + 1;
  const bool tiled = interval_mcus_ <= mcus_per_row_;
  band_rows_ = tiled ? static_cast<int>(std::clamp<Index>(
                           kBandTiles / tiles_per_row, 1, kMaxBandRows))
                     : 1;
  // The interval of the first MCU may begin in a row above.
  const Index first = mcus.y * mcus_per_row_ + mcus.x;
  row_ =
      static_cast<int>(first / interval_mcus_ * interval_mcus_ / mcus_per_row_);
  BuildTables();
  PlaceGroups();
  ListRuns();
}

void BaselineScan::BuildTables() {
  std::array<bool, JpegLayout::kMaxTables> has_dc = {};
  std::array<bool, JpegLayout::kMaxTables> has_ac = {};
  for (int i = 0; i < layout_->component_count; ++i) {
    const int dc = layout_->components[i].dc_table;
    const int ac = layout_->components[i].ac_table;
    if (!has_dc[dc]) dc_[dc].Build(layout_->dc_tables[dc], HuffmanKind::kDc);
    if (!has_ac[ac]) ac_[ac].Build(layout_->ac_tables[ac], HuffmanKind::kAc);
    has_dc[dc] = true;
    has_ac[ac] = true;
    mcu_.tables[i] = {&dc_[dc], &ac_[ac]};
  }
}

void BaselineScan::PlaceGroups() {
  size_t end = 0;
  for (int i = 0; i < layout_->component_count; ++i) {
    const JpegLayout::Component& component = layout_->components[i];
    components_[i].begin = end;
    components_[i].groups_per_row =
        (mcus_.width * component.h + kGroupBlocks - 1) / kGroupBlocks;
    end += size_t{1} * components_[i].groups_per_row * component.v *
           band_rows_ * kGroupCoefficients;
  }
  if (end > capacity_) {
    coefficients_ = hwy::AllocateAligned<int16_t>(end);
    std::fill_n(coefficients_.get(), end, int16_t{0});
    capacity_ = end;
  }
}

int16_t* BaselineScan::groups(int component, int block_row) {
  const Component& place = components_[component];
  return coefficients_.get() + place.begin +
         size_t{1} * block_row * place.groups_per_row * kGroupCoefficients;
}

void BaselineScan::ListRuns() {
  // Where each row begins with a tile, nothing left of the rectangle's first
  // tile or right of the rectangle is ever decoded.
  first_column_ = 0;
  listed_columns_ = static_cast<int>(mcus_per_row_);
  if (mcus_per_row_ % interval_mcus_ == 0) {
    first_column_ = mcus_.x - static_cast<int>(mcus_.x % interval_mcus_);
    listed_columns_ = mcus_.x + mcus_.width - first_column_;
  }
  const int rows = band_rows_ + (row_ < mcus_.y ? 1 : 0);
  runs_.resize(size_t{1} * rows * listed_columns_ * 2 * mcu_.blocks + 1);
  unwanted_.resize(runs_.size() + size_t{1} * rows * kGroupCoefficients);
  EntropyRun* out = runs_.data();
  for (int band_row = 0; band_row < rows; ++band_row) {
    for (int i = 0; i < listed_columns_; ++i) {
      out = ListMcu(band_row, first_column_ + i, out);
    }
  }
}

EntropyRun* BaselineScan::ListMcu(int band_row, int column, EntropyRun* out) {
  const int mcu = column - mcus_.x;
  const bool wanted = mcu >= 0 && mcu < mcus_.width && band_row < band_rows_;
  int16_t* unwanted = unwanted_.data() + (out - runs_.data()) +
                      ptrdiff_t{1} * band_row * kGroupCoefficients;
  for (int i = 0; i < layout_->component_count; ++i) {
    const JpegLayout::Component& component = layout_->components[i];
    for (int y = 0; y < component.v; ++y) {
      int16_t* row = wanted ? groups(i, band_row * component.v + y) : nullptr;
      for (int x = mcu * component.h; x < (mcu + 1) * component.h; ++x) {
        const int place =
            x / kGroupBlocks * kGroupCoefficients + x % kGroupBlocks * 8;
        int16_t* coefficients = wanted ? row + place : unwanted++;
        *out++ = {mcu_.tables[i].dc, coefficients};
        *out++ = {mcu_.tables[i].ac, coefficients};
      }
    }
  }
  return out;
}

absl::Span<EntropyRun> BaselineScan::RunsOf(int band_row, Index column,
                                            Index end) {
  const Index first =
      Index{1} * band_row * listed_columns_ + column - first_column_;
  return {runs_.data() + first * 2 * mcu_.blocks,
          static_cast<size_t>((end - column) * 2 * mcu_.blocks)};
}

size_t BaselineScan::bytes() const {
  return capacity_ * sizeof(int16_t) + runs_.capacity() * sizeof(EntropyRun) +
         segments_.capacity() * sizeof(EntropySegment) + bytes_.capacity() +
         turned_bytes_.capacity();
}

bool BaselineScan::DecodeBand(int rows) {
  bool decoded = true;
  for (; decoded && row_ < mcus_.y; ++row_) {
    decoded = DecodeRows(row_, 1, band_rows_);
  }
  decoded = decoded && DecodeRows(row_, rows, 0);
  row_ += rows;
  if (!decoded) std::fill_n(coefficients_.get(), capacity_, int16_t{0});
  return decoded;
}

bool BaselineScan::DecodeRows(int first_row, int rows, int band_row) {
  size_t size = kEntropyPadding;
  for (int i = 0; i < rows; ++i) size += RowBytes(first_row + i).size();
  if (bytes_.size() < size) bytes_.resize(size);
  free_bytes_ = bytes_.data();
  segments_.clear();
  ends_interval_.clear();
  for (int i = 0; i < rows; ++i) {
    if (!PlanRow(first_row + i, band_row + i)) return false;
  }
  // So that the next band need not wait for memory.
  const int end = std::min(first_row + 2 * rows, mcus_.y + mcus_.height);
  for (int row = first_row + rows; row < end; ++row) {
    const absl::string_view bytes = RowBytes(row);
    for (size_t i = 0; i < bytes.size(); i += kCacheLine) {
      __builtin_prefetch(bytes.data() + i);
    }
  }
  if (!DecodeEntropy(mcu_, absl::MakeSpan(segments_))) return false;
  for (size_t i = 0; i < segments_.size(); ++i) {
    if (ends_interval_[i] && !segments_[i].at_end()) return false;
  }
  return true;
}

absl::string_view BaselineScan::RowBytes(int row) const {
  if (row < mcus_.y) return {};
  const Index first = row * mcus_per_row_ + mcus_.x;
  const Index last = first + mcus_.width - 1;
  const uint32_t begin = layout_->offsets[first / interval_mcus_];
  const uint32_t end = layout_->offsets[last / interval_mcus_ + 1];
  return jpeg_.substr(begin, end - begin);
}

// Decodes the row's part of an interval that begins above or goes on below, and
// lists those that lie in the row.
bool BaselineScan::PlanRow(int row, int band_row) {
  const Index begin = row * mcus_per_row_;
  const Index end = begin + mcus_per_row_;
  if (turned_ >= 0 && !GoOnWithTurned(begin, band_row)) return false;
  Index next = (begin + interval_mcus_ - 1) / interval_mcus_;
  if (row >= mcus_.y) {
    const Index wanted_end = begin + mcus_.x + mcus_.width;
    next = std::max(next, (begin + mcus_.x) / interval_mcus_);
    for (; next * interval_mcus_ < wanted_end; ++next) {
      if (!PlanInterval(next, begin, band_row)) return false;
    }
  }
  const Index last = (end - 1) / interval_mcus_;
  if (last < next || !WantedBelow(end, IntervalEnd(last))) return true;
  return PlanInterval(last, begin, band_row);
}

// Of an interval that begins in the row.
bool BaselineScan::PlanInterval(Index interval, Index row_begin, int band_row) {
  const Index begin = interval * interval_mcus_;
  const Index end = IntervalEnd(interval);
  if (WantedBelow(row_begin + mcus_per_row_, end)) {
    turned_ = interval;
    turned_segment_ = {};
    const size_t size =
        layout_->offsets[interval + 1] - layout_->offsets[interval];
    turned_bytes_.resize(size + kEntropyPadding);
    return OpenInterval(interval, turned_bytes_.data(), &turned_segment_) &&
           GoOnWithTurned(row_begin, band_row);
  }
  const Index stop = std::min(end, row_begin + mcus_.x + mcus_.width);
  EntropySegment segment;
  if (!OpenInterval(interval, free_bytes_, &segment)) return false;
  free_bytes_ += segment.end - segment.data;
  segment.runs = RunsOf(band_row, begin - row_begin, stop - row_begin);
  segments_.push_back(segment);
  ends_interval_.push_back(stop == end);
  return true;
}

// Decodes what the turned interval has in this row.
bool BaselineScan::GoOnWithTurned(Index row_begin, int band_row) {
  const Index row_end = row_begin + mcus_per_row_;
  const Index end = IntervalEnd(turned_);
  const Index begin = std::max(turned_ * interval_mcus_, row_begin);
  Index stop = row_end;
  if (!WantedBelow(row_end, end)) {
    stop = std::min(end, row_begin + mcus_.x + mcus_.width);
    turned_ = -1;
  }
  turned_segment_.runs = RunsOf(band_row, begin - row_begin, stop - row_begin);
  return DecodeEntropy(mcu_, {&turned_segment_, 1}) &&
         (stop != end || turned_segment_.at_end());
}

// True if the rectangle has an MCU in the part [row_end, end) of the scan;
// row_end is where a row ends.
bool BaselineScan::WantedBelow(Index row_end, Index end) const {
  if (end <= row_end) return false;
  const Index row = std::max<Index>(row_end / mcus_per_row_, mcus_.y);
  return row < mcus_.y + mcus_.height && row * mcus_per_row_ + mcus_.x < end;
}

BaselineScan::Index BaselineScan::IntervalEnd(Index interval) const {
  return std::min((interval + 1) * interval_mcus_, all_mcus_);
}

// Copies the interval's data to `room` without stuffing, and checks the marker
// behind it.
bool BaselineScan::OpenInterval(Index interval, uint8_t* room,
                                EntropySegment* segment) {
  const auto* file = reinterpret_cast<const uint8_t*>(jpeg_.data());
  const uint8_t* begin = file + layout_->offsets[interval];
  const uint8_t* end =
      file + layout_->offsets[interval + 1] - JpegLayout::kMarkerBytes;
  const bool last = IntervalEnd(interval) == all_mcus_;
  const int marker = last ? kJpegEndOfImage : kFirstRestart + interval % 8;
  if (end[0] != 0xFF || end[1] != marker) return false;
  segment->data = room;
  segment->end = Unstuff(begin, end, room);
  return segment->end != nullptr;
}

}  // namespace millrace
