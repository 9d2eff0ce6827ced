// Huffman tables of a baseline JPEG in the form that decodes fastest: one
// look-up of the next bits gives code and value at once.
//
// A JPEG symbol says how many zeros come before a coefficient (the run) and how
// many bits of value follow the code (the size). Most codes are so short that
// code and value fit the look-up together, so the table holds the value itself.
#pragma once

#include <array>
#include <cstdint>

#include "image/jpeg_layout.h"

namespace millrace {

enum class HuffmanKind { kDc, kAc };

// What the next bits say, in 32 bits, one of
//
//   whole:   value << 16 | advance << 8 | bits of code and value
//   partial: size << 24 | length of the code << 16 | advance << 8
//   0:       the code is longer than the look-up, or there is none
//
// `advance` is what to add to a counter of 8 bits that stands at kStart before
// each DC coefficient, and before the AC coefficients of a block. Behind AC
// coefficient i, in zigzag order, it is at kStart + i: so it overflows at the
// block's last. It also does at the end of block, and behind a DC coefficient,
// where it is kDcCounter.
using HuffmanEntry = uint32_t;

class HuffmanDecoder {
 public:
  static constexpr int kLookUpBits = 11;
  static constexpr uint32_t kStart = 256 - 63;
  // Leads from any coefficient to 17..79, where no run of zeros leads.
  static constexpr uint32_t kEndOfBlock = 80;
  static constexpr uint32_t kDcCounter = 16;
  static constexpr uint32_t kDcAdvance = 256 + kDcCounter - kStart;
  static constexpr uint32_t kNoSuchCode = 255;

  // A table that has the same entry for all codes.
  static constexpr HuffmanDecoder Uniform(HuffmanEntry entry) {
    HuffmanDecoder decoder;
    for (HuffmanEntry& each : decoder.entries_) each = entry;
    return decoder;
  }

  // The table has passed CheckJpegLayout().
  void Build(const JpegHuffmanTable& table, HuffmanKind kind);

  // Indexed by the next kLookUpBits bits.
  const HuffmanEntry* entries() const { return entries_.data(); }

  // For an entry of 0: what the next bits, `word` from its top, say. Partial;
  // kNoSuchCode if no code begins like that.
  HuffmanEntry Resolve(uint64_t word) const;

 private:
  HuffmanEntry PartialEntry(uint8_t symbol, int length) const;
  // Writes all entries that begin with `code`; returns the first behind.
  HuffmanEntry* Fill(HuffmanEntry partial, HuffmanEntry* out) const;

  alignas(64) std::array<HuffmanEntry, 1 << kLookUpBits> entries_ = {};
  HuffmanKind kind_ = HuffmanKind::kAc;
  // By length: the first 16 bits that are beyond its codes, and what turns a
  // code into the index of its symbol.
  std::array<uint32_t, 17> limits_ = {};
  std::array<int, 17> symbol_offsets_ = {};
  std::array<uint8_t, 256> symbols_ = {};
};

}  // namespace millrace
