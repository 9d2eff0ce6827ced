#include "image/jpeg_symbols.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>

#include "image/jpeg_zigzag.h"

namespace millrace {
namespace {

// Of DC differences and AC values, in bits.
constexpr int kMaxDcBits = 11;
constexpr int kMaxAcBits = 10;

constexpr int kEndOfBlock = 0x00;
constexpr int kSixteenZeros = 0xF0;

// By row of a block, and the set of its columns: the same set in zigzag order.
using ZigzagSets = std::array<std::array<uint64_t, 256>, 8>;
constexpr ZigzagSets MakeZigzagSets() {
  ZigzagSets sets = {};
  for (int k = 0; k < 64; ++k) {
    const int place = kJpegNaturalOrder[k];
    for (int columns = 0; columns < 256; ++columns) {
      const uint64_t bit = columns >> place % 8 & 1;
      sets[place / 8][columns] |= bit << k;
    }
  }
  return sets;
}
constexpr ZigzagSets kZigzagSets = MakeZigzagSets();

int BitsOf(int value) {
  return std::bit_width(static_cast<unsigned>(std::abs(value)));
}

// One bit for each coefficient that is not zero, in zigzag order.
uint64_t NonZero(const int16_t* block) {
  uint8_t nonzero[64];
  for (int i = 0; i < 64; ++i) nonzero[i] = block[i] != 0;
  uint64_t zigzag = 0;
  for (int row = 0; row < 8; ++row) {
    uint64_t bytes;
    std::memcpy(&bytes, nonzero + 8 * row, sizeof(bytes));
    // Where each byte is 0 or 1, this gathers them into the highest one.
    zigzag |= kZigzagSets[row][bytes * 0x0102040810204080 >> 56];
  }
  return zigzag;
}

}  // namespace

void JpegSymbolCounter::CountBlock(const int16_t* block) {
  ++dc_[BitsOf(block[0] - last_dc_)];
  last_dc_ = block[0];
  int before = 0;
  for (uint64_t left = NonZero(block) >> 1 << 1; left != 0; left &= left - 1) {
    const int k = std::countr_zero(left);
    int zeros = k - before - 1;
    before = k;
    for (; zeros > 15; zeros -= 16) ++ac_[kSixteenZeros];
    const int bits = BitsOf(block[kJpegNaturalOrder[k]]);
    ++ac_[zeros << 4 | std::min(bits, 15)];
  }
  if (before < 63) ++ac_[kEndOfBlock];
}

void JpegSymbolCounter::CountFiller() {
  ++dc_[0];
  ++ac_[kEndOfBlock];
}

bool InBaselineRange(const JpegSymbolCounts& dc, const JpegSymbolCounts& ac) {
  uint32_t beyond = 0;
  for (int bits = kMaxDcBits + 1; bits < 256; ++bits) beyond |= dc[bits];
  for (int zeros = 0; zeros < 16; ++zeros) {
    for (int bits = kMaxAcBits + 1; bits < 16; ++bits) {
      beyond |= ac[zeros << 4 | bits];
    }
  }
  return beyond == 0;
}

}  // namespace millrace
