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
// `advance` is how far to go in zigzag order to the coefficient: run + 1 (for
// AC symbols), kEndOfBlock, or kNoSuchCode.
using HuffmanEntry = uint32_t;

class HuffmanDecoder {
 public:
  static constexpr int kAcBits = 11;
  static constexpr int kDcBits = 9;
  // Beyond the last coefficient wherever one stands.
  static constexpr uint32_t kEndOfBlock = 64;
  static constexpr uint32_t kNoSuchCode = 128;

  // The table has passed CheckJpegLayout().
  void Build(const JpegHuffmanTable& table, HuffmanKind kind);

  // Indexed by the next kAcBits or kDcBits bits.
  const HuffmanEntry* entries() const { return entries_.data(); }

  // For an entry of 0: what the next bits, `word` from its top, say. Partial;
  // kNoSuchCode if no code begins like that.
  HuffmanEntry Resolve(uint64_t word) const;

 private:
  HuffmanEntry PartialEntry(uint8_t symbol, int length) const;
  // Writes all entries that begin with `code`; returns the first behind.
  HuffmanEntry* Fill(HuffmanEntry partial, HuffmanEntry* out) const;

  alignas(64) std::array<HuffmanEntry, 1 << kAcBits> entries_;
  HuffmanKind kind_ = HuffmanKind::kAc;
  int look_up_bits_ = kAcBits;
  // By length: the first 16 bits that are beyond its codes, and what turns a
  // code into the index of its symbol.
  std::array<uint32_t, 17> limits_ = {};
  std::array<int, 17> symbol_offsets_ = {};
  std::array<uint8_t, 256> symbols_ = {};
};

}  // namespace millrace
