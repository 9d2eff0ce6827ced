// The decode record: a JpegLayout as bytes. docs/storage_format.md describes
// them.
#include <cstring>

#include "absl/strings/str_cat.h"
#include "image/jpeg_layout.h"

namespace millrace {
namespace {

constexpr uint8_t kVersion = 1;
constexpr uint8_t kWideLengths = 1;
constexpr uint8_t kWideQuantizers = 2;
constexpr uint8_t kNeedsLibjpeg = 4;
constexpr uint8_t kKnownFlags = kWideLengths | kWideQuantizers | kNeedsLibjpeg;

absl::Status Bad(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("decode record: ", what));
}

// Little-endian.
class Writer {
 public:
  void Byte(int value) { bytes_.push_back(static_cast<char>(value)); }
  void Short(uint32_t value) {
    Byte(static_cast<int>(value & 0xFF));
    Byte(static_cast<int>(value >> 8 & 0xFF));
  }
  void Long(uint32_t value) {
    Short(value & 0xFFFF);
    Short(value >> 16);
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reading beyond the end gives zeros and is remembered.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : bytes_(bytes) {}

  uint32_t Read(size_t size) {
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i, ++at_) {
      if (at_ < bytes_.size()) {
        value |= uint32_t{static_cast<uint8_t>(bytes_[at_])} << 8 * i;
      }
    }
    return value;
  }
  int Byte() { return static_cast<int>(Read(1)); }
  bool complete() const { return at_ <= bytes_.size(); }
  // Never negative once complete() was true.
  size_t left() const { return bytes_.size() - at_; }

 private:
  absl::string_view bytes_;
  size_t at_ = 0;
};

// One bit a table that some component uses.
struct UsedTables {
  int quantizers = 0;
  int dc = 0;
  int ac = 0;
};

UsedTables TablesOf(const JpegLayout& layout) {
  UsedTables used;
  for (int i = 0; i < layout.component_count; ++i) {
    const JpegLayout::Component& component = layout.components[i];
    used.quantizers |= 1 << component.quantizers;
    used.dc |= 1 << component.dc_table;
    used.ac |= 1 << component.ac_table;
  }
  return used;
}

int FlagsFor(const JpegLayout& layout) {
  int flags = layout.needs_libjpeg ? kNeedsLibjpeg : 0;
  for (size_t i = 1; i < layout.offsets.size(); ++i) {
    if (layout.offsets[i] - layout.offsets[i - 1] > 0xFFFF) {
      flags |= kWideLengths;
    }
  }
  for (const JpegQuantizers& table : layout.quantizers) {
    for (const uint16_t value : table) {
      if (value > 0xFF) flags |= kWideQuantizers;
    }
  }
  return flags;
}

void WriteHuffman(const JpegHuffmanTable& table, Writer* out) {
  for (const uint8_t count : table.counts) out->Byte(count);
  const int symbols = table.symbol_count();
  for (int i = 0; i < symbols; ++i) out->Byte(table.symbols[i]);
}

void WriteTables(const JpegLayout& layout, int flags, Writer* out) {
  const UsedTables used = TablesOf(layout);
  for (int slot = 0; slot < JpegLayout::kMaxTables; ++slot) {
    if (used.quantizers >> slot & 1) {
      for (const uint16_t value : layout.quantizers[slot]) {
        flags& kWideQuantizers ? out->Short(value) : out->Byte(value);
      }
    }
    if (used.dc >> slot & 1) WriteHuffman(layout.dc_tables[slot], out);
    if (used.ac >> slot & 1) WriteHuffman(layout.ac_tables[slot], out);
  }
}

void ReadHuffman(Reader* in, JpegHuffmanTable* table) {
  for (uint8_t& count : table->counts) count = in->Byte();
  const int symbols = table->symbol_count();
  for (int i = 0; i < symbols && i < 256; ++i) table->symbols[i] = in->Byte();
}

void ReadTables(Reader* in, int flags, JpegLayout* layout) {
  const UsedTables used = TablesOf(*layout);
  const size_t quantizer_bytes = flags & kWideQuantizers ? 2 : 1;
  for (int slot = 0; slot < JpegLayout::kMaxTables; ++slot) {
    layout->quantizers[slot] = {};
    layout->dc_tables[slot] = {};
    layout->ac_tables[slot] = {};
    if (used.quantizers >> slot & 1) {
      for (uint16_t& value : layout->quantizers[slot]) {
        value = static_cast<uint16_t>(in->Read(quantizer_bytes));
      }
    }
    if (used.dc >> slot & 1) ReadHuffman(in, &layout->dc_tables[slot]);
    if (used.ac >> slot & 1) ReadHuffman(in, &layout->ac_tables[slot]);
  }
}

void ReadGeometry(Reader* in, JpegLayout* layout) {
  layout->width = static_cast<int>(in->Read(2));
  layout->height = static_cast<int>(in->Read(2));
  layout->restart_interval = static_cast<int>(in->Read(2));
  const int kind = in->Byte();
  layout->component_count = kind & 3;
  layout->color = static_cast<JpegColor>(kind >> 2);
  layout->components = {};
  for (int i = 0; i < layout->component_count; ++i) {
    JpegLayout::Component& component = layout->components[i];
    const int factors = in->Byte();
    component.h = factors & 15;
    component.v = factors >> 4;
    const int tables = in->Byte();
    component.quantizers = tables & 3;
    component.dc_table = tables >> 2 & 3;
    component.ac_table = tables >> 4;
  }
}

// Sides and factors, before anything is computed of them.
bool HasGeometry(const JpegLayout& layout) {
  if (layout.width == 0 || layout.height == 0) return false;
  if (layout.color > JpegColor::kRgb) return false;
  for (int i = 0; i < layout.component_count; ++i) {
    const JpegLayout::Component& component = layout.components[i];
    if (component.h == 0 || component.v == 0) return false;
    if (component.ac_table >= JpegLayout::kMaxTables) return false;
  }
  return true;
}

// As many as the geometry asks for. False if the record has less or more.
bool ReadOffsets(Reader* in, int flags, JpegLayout* layout) {
  const size_t length_bytes = flags & kWideLengths ? 4 : 2;
  const int64_t count = layout->interval_count();
  uint64_t offset = in->Read(4);
  if (!in->complete() || in->left() != count * length_bytes) return false;
  layout->offsets.resize(count + 1);
  layout->offsets[0] = static_cast<uint32_t>(offset);
  for (int64_t i = 1; i <= count; ++i) {
    offset += in->Read(length_bytes);
    layout->offsets[i] = static_cast<uint32_t>(offset);
    if (offset >> 32 != 0) return false;
  }
  return true;
}

}  // namespace

std::string SerializeJpegLayout(const JpegLayout& layout) {
  const int flags = FlagsFor(layout);
  Writer out;
  out.Byte(kVersion);
  out.Byte(flags);
  out.Short(layout.width);
  out.Short(layout.height);
  out.Short(layout.restart_interval);
  out.Byte(layout.component_count | static_cast<int>(layout.color) << 2);
  for (int i = 0; i < layout.component_count; ++i) {
    const JpegLayout::Component& component = layout.components[i];
    out.Byte(component.h | component.v << 4);
    out.Byte(component.quantizers | component.dc_table << 2 |
             component.ac_table << 4);
  }
  WriteTables(layout, flags, &out);
  out.Long(layout.offsets[0]);
  for (size_t i = 1; i < layout.offsets.size(); ++i) {
    const uint32_t length = layout.offsets[i] - layout.offsets[i - 1];
    flags& kWideLengths ? out.Long(length) : out.Short(length);
  }
  return out.Take();
}

absl::Status ParseSerializedJpegLayout(absl::string_view record,
                                       uint64_t file_bytes,
                                       JpegLayout* layout) {
  Reader in(record);
  const int version = in.Byte();
  if (version != kVersion) {
    return Bad(
        absl::StrCat("version ", version, "; this program knows ", kVersion));
  }
  const int flags = in.Byte();
  if (flags & ~kKnownFlags) return Bad("unknown flags");
  layout->needs_libjpeg = flags & kNeedsLibjpeg;
  ReadGeometry(&in, layout);
  if (!HasGeometry(*layout)) return Bad("a size, factor or table of nothing");
  ReadTables(&in, flags, layout);
  if (!ReadOffsets(&in, flags, layout)) {
    return Bad("its length does not fit the image's size");
  }
  if (layout->offsets.back() > file_bytes) {
    return Bad(absl::StrCat("a scan that ends at byte ", layout->offsets.back(),
                            " of ", file_bytes));
  }
  return CheckJpegLayout(*layout);
}

}  // namespace millrace
