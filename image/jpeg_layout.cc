#include "image/jpeg_layout.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

constexpr int kMaxSide = 65'500;  // libjpeg's JPEG_MAX_DIMENSION.
constexpr int kMaxFactor = 4;
constexpr int kMaxDcSize = 15;
constexpr int kBlockSide = 8;

int DivideUp(int a, int b) { return (a + b - 1) / b; }

absl::Status Bad(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("JPEG layout: ", what));
}

// As libjpeg does, which keeps the code of all ones free.
bool CodesFit(const JpegHuffmanTable& table) {
  if (table.symbol_count() > 256) return false;
  uint32_t code = 0;
  for (int length = 1; length <= 16; ++length) {
    code += table.counts[length - 1];
    if (table.counts[length - 1] > 0 && code >= 1U << length) return false;
    code <<= 1;
  }
  return true;
}

bool HasDcSymbols(const JpegHuffmanTable& table) {
  return std::all_of(table.symbols.begin(),
                     table.symbols.begin() + table.symbol_count(),
                     [](uint8_t symbol) { return symbol <= kMaxDcSize; });
}

bool InRange(int value, int first, int last) {
  return first <= value && value <= last;
}

absl::Status CheckComponent(const JpegLayout& layout,
                            const JpegLayout::Component& component) {
  const int last = JpegLayout::kMaxTables - 1;
  if (!InRange(component.h, 1, kMaxFactor) ||
      !InRange(component.v, 1, kMaxFactor)) {
    return Bad("a sampling factor is not 1 to 4");
  }
  if (!InRange(component.quantizers, 0, last) ||
      !InRange(component.dc_table, 0, last) ||
      !InRange(component.ac_table, 0, last)) {
    return Bad("a component names a table beyond the fourth");
  }
  const JpegHuffmanTable& dc = layout.dc_tables[component.dc_table];
  const JpegHuffmanTable& ac = layout.ac_tables[component.ac_table];
  if (!CodesFit(dc) || !CodesFit(ac)) {
    return Bad("a Huffman table has more codes than fit");
  }
  if (dc.symbol_count() == 0 || ac.symbol_count() == 0) {
    return Bad("a Huffman table is empty");
  }
  if (!HasDcSymbols(dc)) return Bad("a DC symbol is over 15");
  return absl::OkStatus();
}

absl::Status CheckComponents(const JpegLayout& layout) {
  if (layout.component_count != 1 && layout.component_count != 3) {
    return Bad("not 1 or 3 components");
  }
  if ((layout.component_count == 1) != (layout.color == JpegColor::kGray)) {
    return Bad("the color does not fit the number of components");
  }
  int blocks = 0;
  for (int i = 0; i < layout.component_count; ++i) {
    const absl::Status checked = CheckComponent(layout, layout.components[i]);
    if (!checked.ok()) return checked;
    blocks += layout.components[i].h * layout.components[i].v;
  }
  if (layout.component_count == 1 && blocks != 1) {
    return Bad("a single component with sampling factors");
  }
  if (blocks > JpegLayout::kMaxMcuBlocks) return Bad("too many blocks an MCU");
  return absl::OkStatus();
}

absl::Status CheckOffsets(const JpegLayout& layout) {
  if (static_cast<int64_t>(layout.offsets.size()) !=
      layout.interval_count() + 1) {
    return Bad(absl::StrCat(layout.offsets.size(), " offsets for ",
                            layout.interval_count(), " restart intervals"));
  }
  for (size_t i = 1; i < layout.offsets.size(); ++i) {
    const uint32_t begin = layout.offsets[i - 1];
    const uint32_t end = layout.offsets[i];
    if (end < begin || end - begin < JpegLayout::kMarkerBytes) {
      return Bad(absl::StrCat("interval ", i - 1, " ends before it begins"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

int JpegHuffmanTable::symbol_count() const {
  return std::accumulate(counts.begin(), counts.end(), 0);
}

int JpegLayout::max_h() const {
  return std::max({components[0].h, components[1].h, components[2].h});
}

int JpegLayout::max_v() const {
  return std::max({components[0].v, components[1].v, components[2].v});
}

int JpegLayout::mcus_per_row() const {
  return DivideUp(width, kBlockSide * max_h());
}

int JpegLayout::mcu_rows() const {
  return DivideUp(height, kBlockSide * max_v());
}

int64_t JpegLayout::interval_mcus() const {
  const int64_t all = int64_t{1} * mcus_per_row() * mcu_rows();
  return restart_interval == 0 ? all : restart_interval;
}

int64_t JpegLayout::interval_count() const {
  const int64_t all = int64_t{1} * mcus_per_row() * mcu_rows();
  return (all + interval_mcus() - 1) / interval_mcus();
}

absl::Status CheckJpegLayout(const JpegLayout& layout) {
  if (!InRange(layout.width, 1, kMaxSide) ||
      !InRange(layout.height, 1, kMaxSide)) {
    return Bad(absl::StrCat("a size of ", layout.width, "x", layout.height));
  }
  if (!InRange(layout.restart_interval, 0, 0xFFFF)) {
    return Bad("the restart interval is not 0 to 65535");
  }
  const absl::Status checked = CheckComponents(layout);
  return checked.ok() ? CheckOffsets(layout) : checked;
}

}  // namespace millrace
