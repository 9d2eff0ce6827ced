// From the entropy-coded bytes of a baseline JPEG to coefficients.
//
// The loop that does it waits for one look-up after the other, so several
// restart intervals are decoded in turn within one thread: while one of them
// waits, another goes on.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "image/baseline_huffman.h"

namespace millrace {

// How far behind the end of its data a segment reads at most, before it finds
// that the data are corrupt: the longest codes and values of two rounds, a
// word.
inline constexpr size_t kEntropyPadding = 64;

// Blocks lie in groups of four, interleaved: the first rows of all, then the
// second rows. So a vector of 8, 16 or 32 coefficients is a row of 1, 2 or 4
// blocks. Coefficient (row, column) of block b of a group is at
// kGroupRow * row + 8 * b + column.
inline constexpr int kGroupBlocks = 4;
inline constexpr int kGroupRow = 8 * kGroupBlocks;
inline constexpr int kGroupCoefficients = 64 * kGroupBlocks;

// Of one component.
struct EntropyTables {
  const HuffmanDecoder* dc = nullptr;
  const HuffmanDecoder* ac = nullptr;
};

// What is the same for all MCUs.
struct EntropyMcu {
  std::array<EntropyTables, 3> tables;
  // The component of each block. The first is 0.
  std::array<uint8_t, JpegLayout::kMaxMcuBlocks> components = {};
  int blocks = 0;
};

// Codes of one table. A block has two runs: one of its DC coefficient, and one
// of all others.
struct EntropyRun {
  const HuffmanDecoder* table = nullptr;
  // The block's coefficient (0, 0). All of them are zero beforehand.
  int16_t* coefficients = nullptr;
};

// Consecutive MCUs of one restart interval. Decoding leaves `data`, `bit` and
// `dc` where the next segment of the interval begins.
struct EntropySegment {
  // At least an MCU's. Behind them lies the first run of another MCU. That may
  // be another segment's; it is the same again afterwards.
  absl::Span<EntropyRun> runs;
  // Without stuffing. kEntropyPadding bytes behind `end` are readable, whatever
  // they are.
  const uint8_t* data = nullptr;
  const uint8_t* end = nullptr;
  // Bits of *data that are decoded already, 0..7.
  int bit = 0;
  // The last DC coefficient of each component.
  std::array<int, 3> dc = {};

  // All bytes are used, but at most 7 bits of the last.
  bool at_end() const { return data + (bit != 0) == end; }
};

// Decodes all segments, several at a time. False if any has a code that its
// table has not, ends before its blocks do, or leaves the range of
// coefficients: then all blocks are undefined.
bool DecodeEntropy(const EntropyMcu& mcu, absl::Span<EntropySegment> segments);

}  // namespace millrace
