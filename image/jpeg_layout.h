// What a decoder has to know of a baseline JPEG before it can read pixels: the
// tables, the geometry, and where each restart interval begins. Read once, when
// an image comes in, and stored beside it as the *decode record*, so that
// serving never looks at a marker.
//
// The scan of a JPEG is a row of MCUs, cut into restart intervals: the decoder
// starts anew at each, so any of them can be decoded alone.
//
//   | MCU MCU MCU MCU | RST0 | MCU MCU MCU MCU | RST1 | ... | MCU MCU | EOI |
//   ^ offsets[0]             ^ offsets[1]                                   ^
//                                                              offsets.back()
//
// All functions are pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace {

// A Huffman table as a JPEG has it (T.81, B.2.4.2): how many codes there are of
// each length 1..16, and the symbols in order of their codes.
struct JpegHuffmanTable {
  std::array<uint8_t, 16> counts = {};
  std::array<uint8_t, 256> symbols = {};

  int symbol_count() const;
  bool operator==(const JpegHuffmanTable&) const = default;
};

// Natural order, not zigzag. libjpeg forgives zeros; so do we.
using JpegQuantizers = std::array<uint16_t, 64>;

enum class JpegColor : uint8_t { kGray, kYcc, kRgb };

struct JpegLayout {
  static constexpr int kMaxTables = 4;
  // Of T.81: blocks of all components in an MCU.
  static constexpr int kMaxMcuBlocks = 10;
  // The marker behind each interval.
  static constexpr uint32_t kMarkerBytes = 2;

  struct Component {
    // Sampling factors, 1..4. A single component always has 1 x 1.
    int h = 1;
    int v = 1;
    // Which of the tables below are its own.
    int quantizers = 0;
    int dc_table = 0;
    int ac_table = 0;

    bool operator==(const Component&) const = default;
  };

  int width = 0;
  int height = 0;
  JpegColor color = JpegColor::kGray;
  // 1 (gray) or 3, in the order of the scan.
  int component_count = 0;
  std::array<Component, 3> components = {};
  // Tables that no component names are all zero.
  std::array<JpegQuantizers, kMaxTables> quantizers = {};
  std::array<JpegHuffmanTable, kMaxTables> dc_tables = {};
  std::array<JpegHuffmanTable, kMaxTables> ac_tables = {};
  // MCUs; 0 if there are no restart markers.
  int restart_interval = 0;
  // The baseline decoder was seen to make other pixels of this file.
  bool needs_libjpeg = false;
  // First byte of each restart interval in the file, and last the byte behind
  // the end-of-image marker. Interval i is [offsets[i], offsets[i + 1] -
  // kMarkerBytes); its bytes are as in the file, with stuffing.
  std::vector<uint32_t> offsets;

  // The largest factors; the size of an MCU is 8 times that.
  int max_h() const;
  int max_v() const;
  int mcus_per_row() const;
  int mcu_rows() const;
  // MCUs from one restart to the next: the whole scan without markers.
  int64_t interval_mcus() const;
  int64_t interval_count() const;

  bool operator==(const JpegLayout&) const = default;
};

// OK if a decoder can rely on the layout: sides, factors, selectors and tables
// are in their ranges, no Huffman table has more codes than fit, and the
// offsets rise, as many as the dimensions ask for. INVALID_ARGUMENT otherwise.
absl::Status CheckJpegLayout(const JpegLayout& layout);

// Reads the layout from a file. UNIMPLEMENTED for all that it cannot express or
// that only libjpeg can judge: progressive, arithmetic or 12-bit coding, CMYK,
// several scans, missing tables, restart markers that are missing, out of order
// or too many, bytes behind a scan that are not its end.
absl::StatusOr<JpegLayout> ParseJpegLayout(absl::string_view jpeg);

// Goes over the entropy-coded data that begins at `scan` and appends the
// offsets of its intervals and of its end, as JpegLayout has them.
// UNIMPLEMENTED as above.
absl::Status FindRestartIntervals(absl::string_view jpeg, size_t scan,
                                  std::vector<uint32_t>* offsets);

// The decode record; docs/storage_format.md has the bytes. About 2 bytes an
// interval, and 400 to 900 for the tables.
std::string SerializeJpegLayout(const JpegLayout& layout);

// The inverse, into *layout, whose memory is used again. INVALID_ARGUMENT
// unless the record is whole, of a known version, passes CheckJpegLayout(), and
// its intervals lie inside of a file of `file_bytes`.
absl::Status ParseSerializedJpegLayout(absl::string_view record,
                                       uint64_t file_bytes, JpegLayout* layout);

}  // namespace millrace
