#include "image/baseline_huffman.h"

#include <algorithm>

namespace millrace {
namespace {

constexpr int kMaxLength = 16;
constexpr int kZeroRunSymbol = 0xF0;

// T.81, table F.1: the values of `size` bits are those of that magnitude.
int ValueOf(int bits, int size) {
  if (size == 0) return 0;
  return bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;
}

}  // namespace

HuffmanEntry HuffmanDecoder::PartialEntry(uint8_t symbol, int length) const {
  uint32_t size = symbol;
  uint32_t advance = kDcAdvance;
  if (kind_ == HuffmanKind::kAc) {
    size = symbol & 15;
    // Like libjpeg, all symbols without a value but the run of zeros end it.
    const bool ends = size == 0 && symbol != kZeroRunSymbol;
    advance = ends ? kEndOfBlock : (symbol >> 4) + 1;
  }
  return size << 24 | static_cast<uint32_t>(length) << 16 | advance << 8;
}

HuffmanEntry* HuffmanDecoder::Fill(HuffmanEntry partial,
                                   HuffmanEntry* out) const {
  const int length = partial >> 16 & 0xFF;
  const int size = static_cast<int>(partial >> 24);
  const int free_bits = kLookUpBits - length - size;
  if (free_bits < 0) return std::fill_n(out, 1 << (size + free_bits), partial);
  const uint32_t advance = partial & 0xFF00;
  for (int bits = 0; bits < 1 << size; ++bits) {
    const uint32_t value = static_cast<uint16_t>(ValueOf(bits, size));
    const HuffmanEntry whole = value << 16 | advance | (length + size);
    out = std::fill_n(out, 1 << free_bits, whole);
  }
  return out;
}

void HuffmanDecoder::Build(const JpegHuffmanTable& table, HuffmanKind kind) {
  kind_ = kind;
  symbols_ = table.symbols;
  uint32_t code = 0;
  int index = 0;
  HuffmanEntry* out = entries_.data();
  for (int length = 1; length <= kMaxLength; ++length) {
    symbol_offsets_[length] = index - static_cast<int>(code);
    const int count = table.counts[length - 1];
    if (length <= kLookUpBits) {
      for (int i = 0; i < count; ++i) {
        out = Fill(PartialEntry(symbols_[index + i], length), out);
      }
    }
    index += count;
    code += count;
    limits_[length] = code << (kMaxLength - length);
    code <<= 1;
  }
  std::fill(out, entries_.data() + (size_t{1} << kLookUpBits), 0);
}

HuffmanEntry HuffmanDecoder::Resolve(uint64_t word) const {
  const auto bits = static_cast<uint32_t>(word >> (64 - kMaxLength));
  int length = 1;
  while (length <= kMaxLength && bits >= limits_[length]) ++length;
  if (length > kMaxLength) return 1 << 16 | kNoSuchCode << 8;
  const int index =
      symbol_offsets_[length] + static_cast<int>(bits >> (kMaxLength - length));
  return PartialEntry(symbols_[index & 0xFF], length);
}

}  // namespace millrace
