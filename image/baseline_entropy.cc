#include "image/baseline_entropy.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "image/baseline_lanes.h"
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

// With codes of at most kLookUpBits bits, as many as a word surely has: 56
// bits, since up to 7 of its first byte may be used.
constexpr int kStepsPerWord = 56 / HuffmanDecoder::kLookUpBits;

// From the counter, after an entry's advance, to the place in a group. A
// corrupt run leads beyond the last coefficient; libjpeg then writes the last
// one, and so do we. So does the zero that comes with the end of a block.
alignas(256) constexpr auto kGroupOrder = [] {
  std::array<uint8_t, 256> order = {};
  for (size_t i = 0; i < order.size(); ++i) {
    const size_t zigzag =
        i > HuffmanDecoder::kStart ? i - HuffmanDecoder::kStart : 63;
    const int natural = kJpegNaturalOrder[zigzag];
    order[i] = natural / 8 * kGroupRow + natural % 8;
  }
  order[HuffmanDecoder::kDcCounter] = 0;
  return order;
}();

constexpr const uint8_t* kStart = &kGroupOrder[HuffmanDecoder::kStart];

using Lane = EntropyLane;

// Behind the last block of each segment: it sends the loop out, since all of
// its entries are 0.
constexpr HuffmanDecoder kEndOfSegment = HuffmanDecoder::Uniform(0);

// Of lanes that have nothing to do: of the 64 bits that it takes, only the
// lowest 6 bits count. So each step stores a zero where the last one did.
constexpr HuffmanDecoder kIdle = HuffmanDecoder::Uniform(64);

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

// Moves the counter on, and the lane to the next run if this one ends. Returns
// where the coefficient goes.
HWY_INLINE int16_t* Advance(uint64_t advance, Lane* lane) {
  const EntropyRun* run = lane->run;
  const uint64_t counter = lane->counter - kGroupOrder.data() + advance;
  const bool ends = counter > 0xFF;
  lane->counter = ends ? kStart : &kGroupOrder[counter];
  lane->table = ends ? run[1].table : lane->table;
  lane->run = ends ? run + 1 : run;
  return run->coefficients + kGroupOrder[counter & 0xFF];
}

// Stores what has been looked up. Only the low 16 bits of `value` count.
HWY_INLINE void Place(HuffmanEntry entry, uint32_t value, Lane* lane) {
  *Advance(entry >> 8 & 0xFF, lane) = static_cast<int16_t>(value);
}

HWY_INLINE HuffmanEntry LookUp(const Lane& lane) {
  return lane.table->entries()[lane.word >> (64 - HuffmanDecoder::kLookUpBits)];
}

// Decodes one coefficient. False, and nothing is done, unless its entry is
// whole.
HWY_INLINE bool Step(Lane* lane) {
  const HuffmanEntry entry = LookUp(*lane);
  if (HWY_UNLIKELY((entry & 0xFF) == 0)) return false;
  lane->word <<= entry & 63;
  Place(entry, entry >> 16, lane);
  return true;
}

// The same for a partial entry. False, and nothing is done, for an entry of 0.
HWY_INLINE bool LongStep(Lane* lane) {
  Refill(lane);
  const HuffmanEntry entry = LookUp(*lane);
  if (HWY_UNLIKELY(entry == 0)) return false;
  Place(entry, TakeValue(entry, lane), lane);
  return true;
}

// Steps of all lanes in turn, up to an entry of 0. Returns its lane, or
// kEntropyLanes if a lane has read more than there was.
template <size_t... kLane>
size_t RunLanes(std::index_sequence<kLane...> /*lanes*/, EntropyLanes* all) {
  // A copy whose address is never taken, so that it stays in registers.
  std::array<Lane, kEntropyLanes> lanes = all->lanes;
  size_t stopped = kEntropyLanes;
  for (;;) {
    (Refill(&lanes[kLane]), ...);
    if (HWY_UNLIKELY(((lanes[kLane].at > lanes[kLane].end) || ...))) break;
    bool good = true;
#pragma clang loop unroll(full)
    for (int step = 0; step < kStepsPerWord; ++step) {
      good = good && ((stopped = kLane, Step(&lanes[kLane])) && ...);
    }
    if (HWY_UNLIKELY(!good)) {
      if (((kLane == stopped && !LongStep(&lanes[kLane])) || ...)) break;
    }
    stopped = kEntropyLanes;
  }
  all->lanes = lanes;
  return stopped;
}

HWY_INLINE size_t RunLanes(EntropyLanes* lanes) {
#if defined(MILLRACE_ENTROPY_LANES_X86) && HWY_TARGET <= HWY_AVX2
  return RunEntropyLanesX86(lanes);
#else
  return RunLanes(std::make_index_sequence<kEntropyLanes>(), lanes);
#endif
}

class Decoder {
 public:
  Decoder(const EntropyMcu& mcu, absl::Span<EntropySegment> segments)
      : first_table_(mcu.tables[0].dc), waiting_(segments) {}

  bool Decode() {
    std::array<EntropySegment*, kEntropyLanes> segments = {};
    EntropyLanes all = {.start = kStart};
    size_t busy = 0;
    for (size_t i = 0; i < kEntropyLanes; ++i) {
      all.lanes[i] = IdleLane();
      if (waiting_.empty()) continue;
      segments[i] = Begin(&all.lanes[i]);
      ++busy;
    }
    while (busy > 0 && !corrupt_) {
      const size_t stopped = RunLanes(&all);
      if (stopped == kEntropyLanes) return false;
      busy -= GoOn(&segments[stopped], &all.lanes[stopped]) ? 0 : 1;
    }
    return !corrupt_;
  }

 private:
  Lane IdleLane() {
    Lane lane = {};
    Load(idle_bytes_.data(), 0, &lane);
    lane.counter = kStart;
    lane.table = &kIdle;
    lane.run = idle_runs_.data();
    lane.end = lane.at;
    return lane;
  }

  // Takes the next segment that waits, with its first DC coefficient: the
  // table of its first run may be kEndOfSegment.
  HWY_INLINE EntropySegment* Begin(Lane* lane) {
    EntropySegment& segment = waiting_.front();
    waiting_.remove_prefix(1);
    Load(segment.data, segment.bit, lane);
    lane->counter = kStart;
    lane->run = segment.runs.data();
    lane->table = first_table_;
    lane->end = segment.end;
    corrupt_ |= !Finish(lane);
    Refill(lane);
    return &segment;
  }

  // Decodes one coefficient, whatever its entry. False if there is no such
  // code.
  HWY_INLINE bool Finish(Lane* lane) const {
    if (Step(lane)) return true;
    HuffmanEntry entry = LookUp(*lane);
    if (entry == 0) entry = Resolve(*lane->table, lane->word);
    const int value = TakeValue(entry, lane);
    Place(entry, value, lane);
    return (entry >> 8 & 0xFF) != HuffmanDecoder::kNoSuchCode;
  }

  // False if the lane has read more than there was.
  HWY_INLINE bool End(const Lane& lane, EntropySegment* segment) const {
    const int used = UsedBits(lane);
    segment->data = lane.at + used / 8;
    segment->bit = used % 8;
    return segment->data + (segment->bit != 0) <= segment->end;
  }

  // What Step() left to do. False if the lane has nothing to do any more.
  HWY_INLINE bool GoOn(EntropySegment** segment, Lane* lane) {
    if (lane->table != &kEndOfSegment) {
      Refill(lane);
      corrupt_ |= !Finish(lane);
      return true;
    }
    corrupt_ |= !End(*lane, *segment);
    const bool goes_on = !waiting_.empty();
    if (goes_on) {
      *segment = Begin(lane);
    } else {
      *lane = IdleLane();
    }
    return goes_on;
  }

  // Where idle lanes read and write.
  std::array<uint8_t, 8> idle_bytes_ = {};
  std::array<int16_t, kGroupCoefficients> idle_coefficients_;
  std::array<EntropyRun, 2> idle_runs_ = {
      EntropyRun{&kIdle, idle_coefficients_.data()}, EntropyRun{}};

  bool corrupt_ = false;
  const HuffmanDecoder* const first_table_;
  absl::Span<EntropySegment> waiting_;
};

bool DecodeSegments(const EntropyMcu& mcu,
                    absl::Span<EntropySegment> segments) {
  return Decoder(mcu, segments).Decode();
}

}  // namespace HWY_NAMESPACE
}  // namespace millrace
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace millrace {

HWY_EXPORT(DecodeSegments);

namespace {

// From the differences of DC coefficients to the coefficients. False if any
// leaves its range.
bool AddDifferences(const EntropyMcu& mcu, EntropySegment* segment) {
  // Unsigned, to wrap: before they could wrap into the range, they leave it.
  std::array<uint32_t, 3> dc;
  std::copy(segment->dc.begin(), segment->dc.end(), dc.begin());
  uint32_t outside = 0;
  const EntropyRun* run = segment->runs.begin();
  while (run != segment->runs.end()) {
    for (int i = 0; i < mcu.blocks; ++i, run += 2) {
      uint32_t& sum = dc[mcu.components[i]];
      sum += run->coefficients[0];
      run->coefficients[0] = static_cast<int16_t>(sum);
      outside |= sum + 0x8000;
    }
  }
  std::copy(dc.begin(), dc.end(), segment->dc.begin());
  return outside <= 0xFFFF;
}

}  // namespace

bool DecodeEntropy(const EntropyMcu& mcu, absl::Span<EntropySegment> segments) {
  for (EntropySegment& segment : segments) {
    segment.runs.end()->table = &kEndOfSegment;
  }
  bool decoded = HWY_DYNAMIC_DISPATCH(DecodeSegments)(mcu, segments);
  for (EntropySegment& segment : segments) {
    segment.runs.end()->table = mcu.tables[0].dc;
    decoded = decoded && AddDifferences(mcu, &segment);
  }
  return decoded;
}

}  // namespace millrace
#endif  // HWY_ONCE
