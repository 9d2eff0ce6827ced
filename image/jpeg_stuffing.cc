#include "image/jpeg_stuffing.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/jpeg_stuffing.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "image/avx512_vbmi.h"

#ifndef MILLRACE_JPEG_STUFFING_ONCE
#define MILLRACE_JPEG_STUFFING_ONCE

namespace millrace {
namespace {

// The highest bit of the first byte of 0xFF, and perhaps of ones behind it; 0
// if there is none. The first byte is the lowest.
uint64_t FindByte0xFF(uint64_t word) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHighs = 0x8080808080808080;
  return (~word - kOnes) & word & kHighs;
}

// Eight bytes at a time, or up to a 0xFF.
uint8_t* UnstuffWords(const uint8_t* from, const uint8_t* end, uint8_t* to) {
  const auto skip_stuffing = [&] { return from < end && *from++ == 0; };
  while (end - from >= 8) {
    uint64_t word;
    std::memcpy(&word, from, sizeof(word));
    std::memcpy(to, &word, sizeof(word));
    if (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    const uint64_t found = FindByte0xFF(word);
    const int copied = found == 0 ? 8 : std::countr_zero(found) / 8 + 1;
    from += copied;
    to += copied;
    if (found != 0 && !skip_stuffing()) return nullptr;
  }
  while (from < end) {
    *to++ = *from;
    if (*from++ == 0xFF && !skip_stuffing()) return nullptr;
  }
  return to;
}

}  // namespace
}  // namespace millrace

#endif  // MILLRACE_JPEG_STUFFING_ONCE

HWY_BEFORE_NAMESPACE();
namespace millrace {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3

// 64 bytes at a time, whatever they are.
MILLRACE_AVX512_VBMI uint8_t* UnstuffVectors(const uint8_t* from,
                                             const uint8_t* end, uint8_t* to) {
  uint64_t stuffed = 0;  // Of the next bytes, the lowest first.
  while (from < end) {
    const ptrdiff_t count = std::min<ptrdiff_t>(end - from, 64);
    const uint64_t there = _bzhi_u64(~uint64_t{0}, count);
    const __m512i bytes = _mm512_maskz_loadu_epi8(there, from);
    const uint64_t found = _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(-1));
    stuffed |= found << 1;
    const uint64_t not_zero = _mm512_test_epi8_mask(bytes, bytes) | ~there;
    if ((stuffed & not_zero) != 0) return nullptr;
    const uint64_t kept = there & ~stuffed;
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi8(kept, bytes));
    to += std::popcount(kept);
    from += count;
    stuffed = found >> 63;
  }
  return stuffed == 0 ? to : nullptr;
}

#endif

uint8_t* Unstuff(const uint8_t* from, const uint8_t* end, uint8_t* to) {
#if HWY_TARGET == HWY_AVX3
  if (HasAvx512Vbmi()) return UnstuffVectors(from, end, to);
#endif
  return UnstuffWords(from, end, to);
}

}  // namespace HWY_NAMESPACE
}  // namespace millrace
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace millrace {

HWY_EXPORT(Unstuff);

uint8_t* Unstuff(const uint8_t* from, const uint8_t* end, uint8_t* to) {
  return HWY_DYNAMIC_DISPATCH(Unstuff)(from, end, to);
}

}  // namespace millrace
#endif  // HWY_ONCE
