#include "image/blend_picked.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/blend_picked.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "image/avx512_vbmi.h"

HWY_BEFORE_NAMESPACE();
namespace millrace {
namespace HWY_NAMESPACE {

bool IsAvx512() { return HWY_TARGET == HWY_AVX3; }

}  // namespace HWY_NAMESPACE
}  // namespace millrace
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace millrace {

HWY_EXPORT(IsAvx512);

namespace {

constexpr int kSums = 16;
constexpr int kWindow = 64;
constexpr int kLowBits = 12;
constexpr int kLowMask = (1 << kLowBits) - 1;
constexpr int kMaxPairs = 4;

using Pair = PickedColumns::Pair;
using Group = PickedColumns::Group;

#if HWY_ARCH_X86_64

// So many rows are narrowed together,
constexpr int kQuad = 4;
// and so many stay in the first-level cache from one group to the next.
constexpr int kRows = 16;

// False where tests hold the CPU back.
bool CanPick() { return HWY_DYNAMIC_DISPATCH(IsAvx512)() && HasAvx512Vbmi(); }

// Of 16 sums; in registers.
template <int kPairs>
struct Weights {
  MILLRACE_AVX512_VBMI explicit Weights(const Pair* pairs) {
    // Compilers that know its value make two instructions of one.
    asm("" : "+k"(even));
    for (int i = 0; i < kPairs; ++i) {
      picks[i] = _mm512_load_si512(pairs[i].picks.data());
      low[i] = _mm512_load_si512(pairs[i].low.data());
      high[i] = _mm512_load_si512(pairs[i].high.data());
    }
  }

  MILLRACE_AVX512_VBMI __m512i SumUp(__m512i window) const {
    __m512i low_sum = _mm512_set1_epi32(1 << (kWeightBits - 1));
    __m512i high_sum = _mm512_setzero_si512();
    for (int i = 0; i < kPairs; ++i) {
      const __m512i words =
          _mm512_maskz_permutexvar_epi8(even, picks[i], window);
      low_sum = _mm512_dpwssd_epi32(low_sum, words, low[i]);
      high_sum = _mm512_dpwssd_epi32(high_sum, words, high[i]);
    }
    high_sum = _mm512_slli_epi32(high_sum, kLowBits);
    return _mm512_srai_epi32(_mm512_add_epi32(high_sum, low_sum), kWeightBits);
  }

  __mmask64 even = 0x5555555555555555;
  __m512i picks[kPairs];
  __m512i low[kPairs];
  __m512i high[kPairs];
};

// Each sum from `source` on, clipped to a byte.
template <int kPairs>
MILLRACE_AVX512_VBMI void BlendGroup(const Pair* pairs, const ConstRows& source,
                                     int rows, const Rows& out) {
  const Weights<kPairs> weights(pairs);
  const __m512i order =
      _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  for (int y = 0; y < rows; y += kQuad) {
    // Of rows that are not there, the last one.
    const auto row = [=](int i) { return std::min(y + i, rows - 1); };
    __m512i sums[kQuad];
    for (int i = 0; i < kQuad; ++i) {
      sums[i] = weights.SumUp(
          _mm512_loadu_si512(source.data + row(i) * source.stride));
    }
    const __m512i bytes = _mm512_permutexvar_epi32(
        order, _mm512_packus_epi16(_mm512_packs_epi32(sums[0], sums[1]),
                                   _mm512_packs_epi32(sums[2], sums[3])));
    const auto store = [&](int i, __m128i sixteen) {
      _mm_storeu_si128(
          reinterpret_cast<__m128i*>(out.data + row(i) * out.stride), sixteen);
    };
    store(0, _mm512_castsi512_si128(bytes));
    store(1, _mm512_extracti32x4_epi32(bytes, 1));
    store(2, _mm512_extracti32x4_epi32(bytes, 2));
    store(3, _mm512_extracti32x4_epi32(bytes, 3));
  }
}

template <int kPairs>
void BlendGroups(const std::vector<Group>& groups, const Pair* pairs,
                 const ConstRows& source, int count, const Rows& out) {
  for (int y = 0; y < count; y += kRows) {
    const uint8_t* rows = source.data + y * source.stride;
    uint8_t* out_rows = out.data + y * out.stride;
    const Pair* next = pairs;
    for (const Group& group : groups) {
      BlendGroup<kPairs>(next, {rows + group.source, source.stride},
                         std::min(kRows, count - y),
                         {out_rows + group.out, out.stride});
      next += kPairs;
    }
  }
}

constexpr std::array<decltype(&BlendGroups<1>), kMaxPairs> kBlendGroups = {
    BlendGroups<1>, BlendGroups<2>, BlendGroups<3>, BlendGroups<4>};

#else

bool CanPick() { return false; }

#endif

// Two numbers of 16 bits.
uint32_t Halves(int lower, int upper) {
  return static_cast<uint32_t>(lower & 0xFFFF) | static_cast<uint32_t>(upper)
                                                     << 16;
}

}  // namespace

bool PickedColumns::Prepare(const Taps& taps, int channels, int source_bytes) {
  const int out_bytes = taps.size * channels;
  if (!CanPick() || source_bytes < kWindow || out_bytes < kSums) return false;
  int most = 1;
  for (int i = 0; i < taps.size; ++i) most = std::max(most, taps.count(i));
  pairs_per_group_ = (most + 1) / 2;
  if (pairs_per_group_ > kMaxPairs) return false;
  groups_.resize((out_bytes + kSums - 1) / kSums);
  pairs_.resize(groups_.size() * pairs_per_group_);
  Pair* pairs = pairs_.data();
  int out = 0;
  for (Group& group : groups_) {
    // The last one overlaps the one before.
    group.out = std::min(out, out_bytes - kSums);
    if (!PlaceGroup(taps, channels, source_bytes, &group, pairs)) return false;
    out += kSums;
    pairs += pairs_per_group_;
  }
  return true;
}

// False if its taps do not fit a window.
bool PickedColumns::PlaceGroup(const Taps& taps, int channels, int source_bytes,
                               Group* group, Pair* pairs) const {
  int pixel = group->out / channels;
  int channel = group->out % channels;
  const int last = (group->out + kSums - 1) / channels;
  const auto end = [&](int i) {
    return (taps.first(i) + taps.count(i)) * channels;
  };
  group->source =
      std::min({taps.first(pixel) * channels, taps.first(last) * channels,
                source_bytes - kWindow});
  if (std::max(end(pixel), end(last)) > group->source + kWindow) return false;
  for (int lane = 0; lane < kSums; ++pixel, channel = 0) {
    const int channels_here = std::min(channels - channel, kSums - lane);
    const int* weights = taps.weights_of(pixel);
    const int pick = taps.first(pixel) * channels + channel - group->source;
    for (int i = 0; i < pairs_per_group_; ++i) {
      // Beyond the last tap, any byte will do.
      const int a = weights[2 * i];
      const int b = 2 * i + 1 < taps.stride ? weights[2 * i + 1] : 0;
      uint32_t picks =
          Halves(pick + 2 * i * channels, pick + (2 * i + 1) * channels);
      for (int x = 0; x < channels_here; ++x, picks += Halves(1, 1)) {
        pairs[i].picks[lane + x] = picks;
        pairs[i].low[lane + x] = Halves(a & kLowMask, b & kLowMask);
        pairs[i].high[lane + x] = Halves(a >> kLowBits, b >> kLowBits);
      }
    }
    lane += channels_here;
  }
  return true;
}

void PickedColumns::Blend(const ConstRows& source, int count,
                          const Rows& out) const {
#if HWY_ARCH_X86_64
  kBlendGroups[pairs_per_group_ - 1](groups_, pairs_.data(), source, count,
                                     out);
#endif
}

}  // namespace millrace
#endif  // HWY_ONCE
