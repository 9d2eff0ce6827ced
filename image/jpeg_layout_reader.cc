// From the markers of a file to its JpegLayout. libjpeg's rules where they
// matter for pixels (which color a file has, which of two tables counts);
// whatever is out of the ordinary is left to it.
#include <array>
#include <cstring>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "image/jpeg_layout.h"
#include "image/jpeg_markers.h"
#include "image/jpeg_zigzag.h"

namespace millrace {
namespace {

absl::Status NotExpressible(absl::string_view what) {
  return absl::UnimplementedError(
      absl::StrCat("JPEG: no layout for a file with ", what));
}

// The body of a segment, read from its front. Reading beyond its end gives
// zeros and is remembered.
class Body {
 public:
  explicit Body(absl::string_view bytes) : bytes_(bytes) {}

  int Byte() {
    if (bytes_.empty()) {
      complete_ = false;
      return 0;
    }
    const auto byte = static_cast<uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte;
  }
  int Short() {
    const int high = Byte();
    return high << 8 | Byte();
  }
  bool empty() const { return bytes_.empty(); }
  bool read_exactly() const { return complete_ && bytes_.empty(); }

 private:
  absl::string_view bytes_;
  bool complete_ = true;
};

class LayoutReader {
 public:
  explicit LayoutReader(absl::string_view jpeg) : jpeg_(jpeg) {}

  absl::StatusOr<JpegLayout> Read();

 private:
  absl::Status ReadSegment(const JpegSegment& segment);
  absl::Status ReadQuantizers(Body body);
  absl::Status ReadHuffmanTables(Body body);
  absl::Status ReadFrame(Body body);
  absl::Status ReadScan(Body body);
  JpegColor Color() const;
  absl::Status TakeTables();

  absl::string_view jpeg_;
  JpegLayout layout_;
  std::array<int, 3> ids_ = {};
  // Behind the scan's header; 0 until there was one.
  size_t scan_ = 0;
  bool has_jfif_ = false;
  // Of Adobe's marker; -1 without one.
  int adobe_transform_ = -1;
  // All that the file defines; the layout takes what its components use.
  std::array<JpegQuantizers, JpegLayout::kMaxTables> quantizers_ = {};
  std::array<JpegHuffmanTable, JpegLayout::kMaxTables> dc_tables_ = {};
  std::array<JpegHuffmanTable, JpegLayout::kMaxTables> ac_tables_ = {};
  std::array<bool, JpegLayout::kMaxTables> has_quantizers_ = {};
};

absl::StatusOr<JpegLayout> LayoutReader::Read() {
  if (jpeg_.size() > std::numeric_limits<uint32_t>::max()) {
    return NotExpressible("more than 4 GB");
  }
  JpegSegmentReader reader(jpeg_);
  while (const auto segment = reader.Next()) {
    MILLRACE_RETURN_IF_ERROR(ReadSegment(*segment));
  }
  if (scan_ == 0) return NotExpressible("no scan");
  if (!absl::StartsWith(jpeg_, "\xFF\xD8") || !reader.clean())
    return NotExpressible("more than segments before its scan");
  layout_.color = Color();
  MILLRACE_RETURN_IF_ERROR(TakeTables());
  MILLRACE_RETURN_IF_ERROR(
      FindRestartIntervals(jpeg_, scan_, &layout_.offsets));
  const absl::Status checked = CheckJpegLayout(layout_);
  if (!checked.ok()) return NotExpressible(checked.message());
  return std::move(layout_);
}

absl::Status LayoutReader::ReadSegment(const JpegSegment& segment) {
  Body body(segment.body);
  switch (segment.marker) {
    case 0xDB:
      return ReadQuantizers(body);
    case 0xC4:
      return ReadHuffmanTables(body);
    case 0xC0:
    case 0xC1:
      return ReadFrame(body);
    case kJpegRestartInterval:
      layout_.restart_interval = body.Short();
      if (!body.read_exactly()) return NotExpressible("a broken DRI segment");
      return absl::OkStatus();
    case kJpegStartOfScan:
      scan_ = segment.whole.data() + segment.whole.size() - jpeg_.data();
      return ReadScan(body);
    case kJpegApp0:
      has_jfif_ |= segment.body.size() >= 14 &&
                   segment.body.substr(0, 5) == absl::string_view("JFIF\0", 5);
      return absl::OkStatus();
    case kJpegApp14:
      if (segment.body.size() >= 12 && segment.body.substr(0, 5) == "Adobe") {
        adobe_transform_ = static_cast<uint8_t>(segment.body[11]);
      }
      return absl::OkStatus();
    default:
      // Of applications, or a comment: nothing about pixels.
      if ((segment.marker >= kJpegApp0 && segment.marker <= kJpegApp15) ||
          segment.marker == kJpegComment) {
        return absl::OkStatus();
      }
      return NotExpressible(
          absl::StrCat("a marker FF", absl::Hex(segment.marker)));
  }
}

absl::Status LayoutReader::ReadQuantizers(Body body) {
  constexpr absl::string_view kBroken = "a broken DQT segment";
  while (!body.empty()) {
    const int head = body.Byte();
    const int slot = head & 15;
    if (slot >= JpegLayout::kMaxTables) return NotExpressible(kBroken);
    for (int k = 0; k < 64; ++k) {
      const int value = head >> 4 ? body.Short() : body.Byte();
      quantizers_[slot][kJpegNaturalOrder[k]] = static_cast<uint16_t>(value);
    }
    has_quantizers_[slot] = true;
  }
  if (!body.read_exactly()) return NotExpressible(kBroken);
  return absl::OkStatus();
}

absl::Status LayoutReader::ReadHuffmanTables(Body body) {
  constexpr absl::string_view kBroken = "a broken DHT segment";
  while (!body.empty()) {
    const int head = body.Byte();
    const int slot = head & 15;
    if (slot >= JpegLayout::kMaxTables || head >> 4 > 1) {
      return NotExpressible(kBroken);
    }
    JpegHuffmanTable table;
    for (uint8_t& count : table.counts) count = body.Byte();
    const int symbols = table.symbol_count();
    if (symbols > 256) return NotExpressible(kBroken);
    for (int i = 0; i < symbols; ++i) table.symbols[i] = body.Byte();
    (head >> 4 ? ac_tables_ : dc_tables_)[slot] = table;
  }
  if (!body.read_exactly()) return NotExpressible(kBroken);
  return absl::OkStatus();
}

absl::Status LayoutReader::ReadFrame(Body body) {
  if (layout_.component_count != 0) return NotExpressible("two frames");
  if (body.Byte() != 8) return NotExpressible("other than 8 bits a sample");
  layout_.height = body.Short();
  layout_.width = body.Short();
  const int count = body.Byte();
  if (count != 1 && count != 3) {
    return NotExpressible(absl::StrCat(count, " components"));
  }
  layout_.component_count = count;
  for (int i = 0; i < count; ++i) {
    ids_[i] = body.Byte();
    const int factors = body.Byte();
    JpegLayout::Component& component = layout_.components[i];
    component.h = factors >> 4;
    component.v = factors & 15;
    component.quantizers = body.Byte();
    for (int j = 0; j < i; ++j) {
      if (ids_[j] == ids_[i]) return NotExpressible("a component twice");
    }
  }
  if (!body.read_exactly()) return NotExpressible("a broken SOF segment");
  return absl::OkStatus();
}

absl::Status LayoutReader::ReadScan(Body body) {
  if (body.Byte() != layout_.component_count || layout_.component_count == 0) {
    return NotExpressible("several scans");
  }
  for (int i = 0; i < layout_.component_count; ++i) {
    if (body.Byte() != ids_[i]) {
      return NotExpressible("components in another order");
    }
    const int tables = body.Byte();
    layout_.components[i].dc_table = tables >> 4;
    layout_.components[i].ac_table = tables & 15;
  }
  const bool whole_blocks =
      body.Byte() == 0 && body.Byte() == 63 && body.Byte() == 0;
  if (!whole_blocks || !body.read_exactly()) {
    return NotExpressible("a scan of partial blocks");
  }
  // An only component comes block by block, whatever its factors are; they
  // must still be legal.
  JpegLayout::Component& first = layout_.components[0];
  if (layout_.component_count == 1 && first.h >= 1 && first.h <= 4 &&
      first.v >= 1 && first.v <= 4) {
    first.h = 1;
    first.v = 1;
  }
  return absl::OkStatus();
}

// The guesses of libjpeg's default_decompress_parms().
JpegColor LayoutReader::Color() const {
  if (layout_.component_count == 1) return JpegColor::kGray;
  if (has_jfif_) return JpegColor::kYcc;
  if (adobe_transform_ >= 0) {
    return adobe_transform_ == 0 ? JpegColor::kRgb : JpegColor::kYcc;
  }
  return ids_ == std::array<int, 3>{'R', 'G', 'B'} ? JpegColor::kRgb
                                                   : JpegColor::kYcc;
}

absl::Status LayoutReader::TakeTables() {
  for (int i = 0; i < layout_.component_count; ++i) {
    const JpegLayout::Component& component = layout_.components[i];
    if (component.quantizers >= JpegLayout::kMaxTables ||
        component.dc_table >= JpegLayout::kMaxTables ||
        component.ac_table >= JpegLayout::kMaxTables ||
        !has_quantizers_[component.quantizers]) {
      return NotExpressible("missing tables");
    }
    layout_.quantizers[component.quantizers] =
        quantizers_[component.quantizers];
    layout_.dc_tables[component.dc_table] = dc_tables_[component.dc_table];
    layout_.ac_tables[component.ac_table] = ac_tables_[component.ac_table];
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<JpegLayout> ParseJpegLayout(absl::string_view jpeg) {
  return LayoutReader(jpeg).Read();
}

absl::Status FindRestartIntervals(absl::string_view jpeg, size_t scan,
                                  std::vector<uint32_t>* offsets) {
  constexpr int kStuffing = 0x00;
  constexpr int kFirstRestart = 0xD0;
  offsets->push_back(static_cast<uint32_t>(scan));
  int restarts = 0;
  while (scan < jpeg.size()) {
    const void* found =
        std::memchr(jpeg.data() + scan, 0xFF, jpeg.size() - scan);
    if (found == nullptr) break;
    scan = static_cast<const char*>(found) - jpeg.data() +
           JpegLayout::kMarkerBytes;
    if (scan > jpeg.size()) break;
    const auto marker = static_cast<uint8_t>(jpeg[scan - 1]);
    if (marker == kStuffing) continue;
    const bool ends = marker == kJpegEndOfImage;
    if (!ends && marker != kFirstRestart + restarts++ % 8) {
      return NotExpressible("another marker than the next restart in its scan");
    }
    offsets->push_back(static_cast<uint32_t>(scan));
    if (ends) return absl::OkStatus();
  }
  return NotExpressible("a scan without end");
}

}  // namespace millrace
