#include "image/baseline_entropy.h"

#include <bit>
#include <cstring>

#include "image/jpeg_zigzag.h"

// Scalar code; compiled for each target since newer ones have better shifts.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/baseline_entropy.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#ifndef MILLRACE_BASELINE_ENTROPY_ONCE
#define MILLRACE_BASELINE_ENTROPY_ONCE

namespace millrace {
namespace {

// Measured: 1 lane takes 1.6 times as long, 2 lanes 1.1 times; for a fourth
// the registers do not suffice.
constexpr int kLanes = 3;

constexpr uint64_t kLastCoefficient = 63;
// With codes of at most kAcBits bits, as many as a word surely has: 56 bits,
// since up to 7 of its first byte may be used.
constexpr int kStepsPerWord = 56 / HuffmanDecoder::kAcBits;

// From the zigzag index to the place in a group. A corrupt run leads beyond the
// last coefficient; libjpeg then writes the last one, and so do we.
constexpr auto kGroupOrder = [] {
  std::array<uint8_t, 64 + HuffmanDecoder::kNoSuchCode> order = {};
  for (size_t k = 0; k < order.size(); ++k) {
    const int natural = kJpegNaturalOrder[k < 64 ? k : 63];
    order[k] = natural / 8 * kGroupRow + natural % 8;
  }
  return order;
}();

// Of a segment that is being decoded, what the innermost loop keeps in
// registers.
struct Lane {
  // The word begins with this byte. Its highest bits are next; behind the last
  // of them is a one, then as many zeros as bits since `at` are used: a count
  // that needs no register of its own.
  const uint8_t* at;
  uint64_t word;
  // Zigzag index of the last coefficient.
  uint64_t k;
  const HuffmanEntry* ac;
  int16_t* coefficients;
};

// The rest, needed at the end of blocks only.
struct LaneState {
  EntropySegment* segment = nullptr;
  const EntropyBlock* block = nullptr;
  const EntropyBlock* blocks_end = nullptr;
};

enum class Progress { kGoesOn, kSegmentEnds, kCorrupt };

}  // namespace
}  // namespace millrace

#endif  // MILLRACE_BASELINE_ENTROPY_ONCE

HWY_BEFORE_NAMESPACE();
namespace millrace {
namespace HWY_NAMESPACE {

HWY_INLINE uint64_t LoadBigEndian(const uint8_t* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  return std::endian::native == std::endian::little ? __builtin_bswap64(word)
                                                    : word;
}

HWY_INLINE int UsedBits(const Lane& lane) { return __builtin_ctzll(lane.word); }

// 56 bits at least.
HWY_INLINE void Load(const uint8_t* at, int used, Lane* lane) {
  lane->at = at;
  lane->word = (LoadBigEndian(at) | 1) << used;
}

HWY_INLINE void Refill(Lane* lane) {
  const int used = UsedBits(*lane);
  Load(lane->at + used / 8, used % 8, lane);
}

// The value of the `size` bits at the top of `word`: T.81, table F.1.
HWY_INLINE int ValueOf(uint64_t word, int size) {
  const auto bits = static_cast<int>(word >> 1 >> (63 - size));
  const auto positive = static_cast<int>(static_cast<int64_t>(word) >> 63);
  return bits + (~positive & (1 - (1 << size)));
}

// Not inlined, since it is rare.
HWY_NOINLINE HuffmanEntry Resolve(const HuffmanDecoder& decoder,
                                  uint64_t word) {
  return decoder.Resolve(word);
}

// What a look-up that gave a partial entry has left to do.
HWY_INLINE int TakeValue(HuffmanEntry entry, Lane* lane) {
  const int length = entry >> 16 & 0xFF;
  const int size = static_cast<int>(entry >> 24);
  const int value = ValueOf(lane->word << length, size);
  lane->word <<= length + size;
  return value;
}

class Decoder {
 public:
  Decoder(const std::array<EntropyTables, 3>& tables,
          absl::Span<EntropySegment> segments)
      : tables_(tables), waiting_(segments) {}

  HWY_INLINE bool Decode() {
    std::array<Lane, kLanes> lanes;
    std::array<LaneState, kLanes> states;
    int busy = 0;
    for (; busy < kLanes && !waiting_.empty(); ++busy) {
      if (!Begin(&states[busy], &lanes[busy])) return false;
    }
    switch (busy) {
      case 0:
        return true;
      case 1:
        return Run<1>({states[0]}, {lanes[0]});
      case 2:
        return Run<2>({states[0], states[1]}, {lanes[0], lanes[1]});
      default:
        return Run<kLanes>(states, lanes);
    }
  }

 private:
  // Decodes one AC coefficient. True if it was the block's last.
  HWY_INLINE bool Step(const LaneState& state, Lane* lane) const {
    HuffmanEntry entry = lane->ac[lane->word >> (64 - HuffmanDecoder::kAcBits)];
    int value;
    if (HWY_LIKELY((entry & 0xFF) != 0)) {
      lane->word <<= entry & 63;
      value = static_cast<int32_t>(entry) >> 16;
    } else {
      Refill(lane);
      if (entry == 0) {
        entry = Resolve(*tables_[state.block->component].ac, lane->word);
      }
      value = TakeValue(entry, lane);
      Refill(lane);
    }
    lane->k += entry >> 8 & 0xFF;
    lane->coefficients[kGroupOrder[lane->k]] = static_cast<int16_t>(value);
    return lane->k >= kLastCoefficient;
  }

  // The DC coefficient. False if it is corrupt.
  HWY_INLINE bool BeginBlock(const LaneState& state, Lane* lane) const {
    const EntropyBlock& block = *state.block;
    const EntropyTables& tables = tables_[block.component];
    Refill(lane);
    HuffmanEntry entry =
        tables.dc->entries()[lane->word >> (64 - HuffmanDecoder::kDcBits)];
    int difference;
    if (HWY_LIKELY((entry & 0xFF) != 0)) {
      lane->word <<= entry & 63;
      difference = static_cast<int32_t>(entry) >> 16;
    } else {
      if (entry == 0) entry = Resolve(*tables.dc, lane->word);
      difference = TakeValue(entry, lane);
    }
    int& dc = state.segment->dc[block.component];
    dc += difference;
    lane->coefficients = block.coefficients;
    lane->coefficients[0] = static_cast<int16_t>(dc);
    lane->ac = tables.ac->entries();
    lane->k = 0;
    return dc == static_cast<int16_t>(dc) &&
           (entry >> 8 & 0xFF) != HuffmanDecoder::kNoSuchCode;
  }

  // After the last step of a block.
  HWY_INLINE Progress NextBlock(LaneState* state, Lane* lane) const {
    if (lane->k >= HuffmanDecoder::kNoSuchCode ||
        lane->at > state->segment->end) {
      return Progress::kCorrupt;
    }
    if (++state->block == state->blocks_end) return Progress::kSegmentEnds;
    return BeginBlock(*state, lane) ? Progress::kGoesOn : Progress::kCorrupt;
  }

  // Takes the next segment that waits.
  HWY_INLINE bool Begin(LaneState* state, Lane* lane) {
    EntropySegment& segment = waiting_.front();
    waiting_.remove_prefix(1);
    *state = {&segment, segment.blocks.begin(), segment.blocks.end()};
    Load(segment.data, segment.bit, lane);
    return BeginBlock(*state, lane);
  }

  // False if the lane has read more than there was.
  HWY_INLINE bool End(const LaneState& state, const Lane& lane) const {
    EntropySegment& segment = *state.segment;
    const int used = UsedBits(lane);
    segment.data = lane.at + used / 8;
    segment.bit = used % 8;
    return segment.data + (segment.bit != 0) <= segment.end;
  }

  // A word's worth of steps in each lane, in turn, up to the first that ends a
  // block. Returns its lane, or -1.
  template <size_t kCount>
  HWY_INLINE int Round(const std::array<LaneState, kCount>& states,
                       std::array<Lane, kCount>& lanes) const {
#pragma clang loop unroll(full)
    for (size_t i = 0; i < kCount; ++i) Refill(&lanes[i]);
#pragma clang loop unroll(full)
    for (int step = 0; step < kStepsPerWord; ++step) {
#pragma clang loop unroll(full)
      for (size_t i = 0; i < kCount; ++i) {
        if (HWY_UNLIKELY(Step(states[i], &lanes[i]))) {
          return static_cast<int>(i);
        }
      }
    }
    return -1;
  }

  // Decodes to the end of all segments; with a lane less when none waits.
  template <size_t kCount>
  HWY_NOINLINE bool Run(const std::array<LaneState, kCount>& first_states,
                        const std::array<Lane, kCount>& first_lanes) {
    // Copies whose address is never taken, so that they stay in registers.
    std::array<LaneState, kCount> states = first_states;
    std::array<Lane, kCount> lanes = first_lanes;
    for (;;) {
      Progress progress = Progress::kGoesOn;
      // With constant indices, or the lanes would not stay in registers.
      const int ended = Round<kCount>(states, lanes);
#pragma clang loop unroll(full)
      for (int i = 0; i < static_cast<int>(kCount); ++i) {
        if (i != ended) continue;
        progress = NextBlock(&states[i], &lanes[i]);
        if (HWY_LIKELY(progress != Progress::kSegmentEnds)) continue;
        if (!End(states[i], lanes[i])) return false;
        if (waiting_.empty()) {
          return RunOthers<kCount>(i, states, lanes);
        }
        if (!Begin(&states[i], &lanes[i])) return false;
      }
      if (progress == Progress::kCorrupt) return false;
    }
  }

  template <size_t kCount>
  HWY_INLINE bool RunOthers(size_t idle, std::array<LaneState, kCount>& states,
                            std::array<Lane, kCount>& lanes) {
    if constexpr (kCount == 1) {
      return true;
    } else {
      std::array<LaneState, kCount - 1> other_states;
      std::array<Lane, kCount - 1> other_lanes;
#pragma clang loop unroll(full)
      for (size_t i = 0; i + 1 < kCount; ++i) {
        other_states[i] = i < idle ? states[i] : states[i + 1];
        other_lanes[i] = i < idle ? lanes[i] : lanes[i + 1];
      }
      return Run<kCount - 1>(other_states, other_lanes);
    }
  }

  const std::array<EntropyTables, 3> tables_;
  absl::Span<EntropySegment> waiting_;
};

bool DecodeEntropy(const std::array<EntropyTables, 3>& tables,
                   absl::Span<EntropySegment> segments) {
  return Decoder(tables, segments).Decode();
}

}  // namespace HWY_NAMESPACE
}  // namespace millrace
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace millrace {

HWY_EXPORT(DecodeEntropy);

bool DecodeEntropy(const std::array<EntropyTables, 3>& tables,
                   absl::Span<EntropySegment> segments) {
  return HWY_DYNAMIC_DISPATCH(DecodeEntropy)(tables, segments);
}

}  // namespace millrace
#endif  // HWY_ONCE
