// The scan of a baseline JPEG, band by band: decodes the entropy-coded data of
// a rectangle of MCUs, and as little besides as the restart intervals allow.
//
//   | tile | TILE | TILE | TI      Of each row, the tiles that the rectangle
//    le | tile | TILE | TILE |     touches, together with those of other rows.
//
// Only a tile that goes on in the next row, and is wanted there, is decoded by
// itself. So is a file without restart markers, which is one such tile: row by
// row, from its beginning.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <hwy/aligned_allocator.h>

#include "absl/strings/string_view.h"
#include "image/baseline_entropy.h"
#include "image/image.h"
#include "image/jpeg_layout.h"

namespace millrace {

// One thread. Its memory is used again by the next Begin().
class BaselineScan {
 public:
  // `mcus` is not empty and lies inside of the image; the layout has passed
  // CheckJpegLayout() and ends within the file. Both are borrowed until the
  // last band.
  void Begin(absl::string_view jpeg, const JpegLayout& layout,
             const Rect& mcus);

  // The most rows of MCUs that a band may have.
  int band_rows() const { return band_rows_; }

  // Decodes the next `rows` rows of the rectangle. False if the data are not
  // what libjpeg would decode without a warning. What groups() pointed to must
  // be all zero again, which InverseDct() makes it.
  bool DecodeBand(int rows);

  // The coefficients of a row of blocks within the band, from the rectangle's
  // first MCU on. The last group may be filled up with zeros.
  int16_t* groups(int component, int block_row);
  // Bytes that it holds on to.
  size_t bytes() const;

  int groups_per_row(int component) const {
    return components_[component].groups_per_row;
  }

 private:
  struct Component {
    int groups_per_row = 0;
    // In coefficients_.
    size_t begin = 0;
  };
  // A number of an MCU, counted over the scan, or of a restart interval.
  using Index = int64_t;

  void BuildTables();
  void PlaceGroups();
  void ListRuns();
  EntropyRun* ListMcu(int band_row, int mcu, EntropyRun* out);
  absl::Span<EntropyRun> RunsOf(int band_row, Index column, Index end);
  bool DecodeRows(int first_row, int rows, int band_row);
  bool PlanRow(int row, int band_row);
  bool PlanInterval(Index interval, Index row_begin, int band_row);
  bool GoOnWithTurned(Index row_begin, int band_row);
  bool WantedBelow(Index row_end, Index end) const;
  Index IntervalEnd(Index interval) const;
  // Bytes of the file that a row of the rectangle touches, at most.
  absl::string_view RowBytes(int row) const;
  bool OpenInterval(Index interval, uint8_t* room, EntropySegment* segment);

  absl::string_view jpeg_;
  const JpegLayout* layout_ = nullptr;
  Rect mcus_;
  Index mcus_per_row_ = 0;
  Index interval_mcus_ = 0;
  Index all_mcus_ = 0;
  int band_rows_ = 0;
  // The next row of MCUs to decode.
  int row_ = 0;

  std::array<HuffmanDecoder, JpegLayout::kMaxTables> dc_;
  std::array<HuffmanDecoder, JpegLayout::kMaxTables> ac_;
  EntropyMcu mcu_;
  std::array<Component, 3> components_;

  // All zero between bands. Allocated, never shrunk.
  hwy::AlignedFreeUniquePtr<int16_t[]> coefficients_;
  size_t capacity_ = 0;
  // What the blocks outside of the rectangle are written to, one coefficient
  // further each: of a row, only the next block overwrites what a block wrote,
  // and leaves its DC coefficient alone.
  std::vector<int16_t> unwanted_;

  // The runs of a row of MCUs from first_column_ on, for each row of a band;
  // and of a row above the rectangle, none of which is wanted.
  std::vector<EntropyRun> runs_;
  int first_column_ = 0;
  int listed_columns_ = 0;

  // What is decoded together: segments, and their data without stuffing.
  std::vector<EntropySegment> segments_;
  // By segment: it ends where its interval does.
  std::vector<bool> ends_interval_;
  std::vector<uint8_t> bytes_;
  uint8_t* free_bytes_ = nullptr;

  // The interval that goes on in the next row; -1 for none.
  Index turned_ = -1;
  EntropySegment turned_segment_;
  std::vector<uint8_t> turned_bytes_;
};

}  // namespace millrace
