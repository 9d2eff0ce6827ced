// The innermost loop of entropy decoding, for three restart intervals at once:
// the one place where instructions are written by hand, since crops then decode
// 6 % faster.
//
// Three lanes need twelve registers, and each step three more: all that x86
// has. Compilers spill half of them, eight memory accesses a coefficient.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "image/baseline_entropy.h"
#include "image/baseline_huffman.h"

namespace millrace {

// A segment that is being decoded.
struct EntropyLane {
  // The word begins with this byte. Its highest bits are next; behind the last
  // of them is a one, then as many zeros as bits since `at` are used: a count
  // that needs no register of its own.
  const uint8_t* at;
  uint64_t word;
  // HuffmanDecoder's counter, as an address: the lowest 8 bits count, and there
  // lies the coefficient's place in a group.
  const uint8_t* counter;
  // run->table
  const HuffmanDecoder* table;
  const EntropyRun* run;
  const uint8_t* end;
};

inline constexpr size_t kEntropyLanes = 3;

struct EntropyLanes {
  std::array<EntropyLane, kEntropyLanes> lanes;
  // Where each run begins to count.
  const uint8_t* start;
};

// Sanitizers see the loop in C++ instead.
#if defined(__x86_64__) && defined(__clang__) && !defined(__APPLE__)
#if !__has_feature(address_sanitizer) && !__has_feature(memory_sanitizer) && \
    !__has_feature(thread_sanitizer)
#define MILLRACE_ENTROPY_LANES_X86 1
#endif
#endif

#ifdef MILLRACE_ENTROPY_LANES_X86

// Decodes in turn until a lane meets an entry of 0, and returns that lane; or
// kEntropyLanes if one has read more than there was. Needs BMI and BMI2.
size_t RunEntropyLanesX86(EntropyLanes* lanes);

#endif

}  // namespace millrace
