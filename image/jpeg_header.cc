#include "image/jpeg_header.h"

#include <algorithm>

#include "absl/strings/string_view.h"
#include "image/jpeg_markers.h"
#include "image/jpeg_zigzag.h"

namespace millrace {
namespace {

constexpr uint8_t kExtendedFrame = 0xC1;
constexpr uint8_t kHuffmanTables = 0xC4;
constexpr uint8_t kQuantizers = 0xDB;

// Version 1.1, no density, no thumbnail. Says that 3 components are YCbCr.
constexpr absl::string_view kJfif("JFIF\0\1\1\0\0\1\0\1\0\0", 14);
// Version 100, no flags, transform 0. Says that 3 components are RGB.
constexpr absl::string_view kAdobeRgb("Adobe\0\144\0\0\0\0\0", 12);

void PutByte(int value, std::string* out) {
  out->push_back(static_cast<char>(value));
}

void PutShort(int value, std::string* out) {
  PutByte(value >> 8, out);
  PutByte(value, out);
}

// `bytes` go behind the length.
void PutSegment(uint8_t marker, int bytes, std::string* out) {
  PutByte(0xFF, out);
  PutByte(marker, out);
  PutShort(bytes + 2, out);
}

void PutQuantizers(const JpegQuantizers& table, int slot, std::string* out) {
  const bool wide = *std::max_element(table.begin(), table.end()) > 0xFF;
  PutSegment(kQuantizers, wide ? 1 + 128 : 1 + 64, out);
  PutByte(wide << 4 | slot, out);
  for (const uint8_t place : kJpegNaturalOrder) {
    wide ? PutShort(table[place], out) : PutByte(table[place], out);
  }
}

void PutHuffmanTable(const JpegHuffmanTable& table, int kind, int slot,
                     std::string* out) {
  const int symbols = table.symbol_count();
  if (symbols == 0) return;
  PutSegment(kHuffmanTables,
             1 + static_cast<int>(table.counts.size()) + symbols, out);
  PutByte(kind << 4 | slot, out);
  for (const uint8_t count : table.counts) PutByte(count, out);
  for (int i = 0; i < symbols; ++i) PutByte(table.symbols[i], out);
}

void PutFrame(const JpegLayout& layout, int width, int height,
              std::string* out) {
  PutSegment(kExtendedFrame, 6 + 3 * layout.component_count, out);
  PutByte(8, out);  // Bits a sample.
  PutShort(height, out);
  PutShort(width, out);
  PutByte(layout.component_count, out);
  for (int i = 0; i < layout.component_count; ++i) {
    const JpegLayout::Component& component = layout.components[i];
    PutByte(i + 1, out);
    PutByte(component.h << 4 | component.v, out);
    PutByte(component.quantizers, out);
  }
}

void PutScan(const JpegLayout& layout, std::string* out) {
  PutSegment(kJpegStartOfScan, 4 + 2 * layout.component_count, out);
  PutByte(layout.component_count, out);
  for (int i = 0; i < layout.component_count; ++i) {
    const JpegLayout::Component& component = layout.components[i];
    PutByte(i + 1, out);
    PutByte(component.dc_table << 4 | component.ac_table, out);
  }
  // All coefficients at once.
  PutByte(0, out);
  PutByte(63, out);
  PutByte(0, out);
}

}  // namespace

void WriteJpegHeader(const JpegLayout& layout, int width, int height,
                     std::string* out) {
  out->clear();
  PutByte(0xFF, out);
  PutByte(kJpegStartOfImage, out);
  const bool rgb = layout.color == JpegColor::kRgb;
  const absl::string_view kind = rgb ? kAdobeRgb : kJfif;
  PutSegment(rgb ? kJpegApp14 : kJpegApp0, static_cast<int>(kind.size()), out);
  out->append(kind.data(), kind.size());
  for (int slot = 0; slot < JpegLayout::kMaxTables; ++slot) {
    PutQuantizers(layout.quantizers[slot], slot, out);
    PutHuffmanTable(layout.dc_tables[slot], 0, slot, out);
    PutHuffmanTable(layout.ac_tables[slot], 1, slot, out);
  }
  PutFrame(layout, width, height, out);
  PutSegment(kJpegRestartInterval, 2, out);
  PutShort(layout.restart_interval, out);
  PutScan(layout, out);
}

}  // namespace millrace
