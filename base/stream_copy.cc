#include "base/stream_copy.h"

#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace millrace {

#ifdef __SSE2__

namespace {
constexpr size_t kLine = 64;
// Far enough that memory answers in time.
constexpr size_t kAhead = 16 * kLine;
}  // namespace

void StreamCopy(void* to, const void* from, size_t size) {
  auto* out = static_cast<char*>(to);
  const auto* in = static_cast<const char*>(from);
  const size_t head =
      (kLine - reinterpret_cast<uintptr_t>(out) % kLine) % kLine;
  if (size < head + kLine) {
    if (size > 0) std::memcpy(out, in, size);
    return;
  }
  std::memcpy(out, in, head);
  size_t done = head;
  for (; done + kLine <= size; done += kLine) {
    if (done + kAhead < size) _mm_prefetch(in + done + kAhead, _MM_HINT_T0);
    // All of a line at once: it is then written without being read.
    const auto* source = reinterpret_cast<const __m128i*>(in + done);
    auto* line = reinterpret_cast<__m128i*>(out + done);
    const __m128i a = _mm_loadu_si128(source);
    const __m128i b = _mm_loadu_si128(source + 1);
    const __m128i c = _mm_loadu_si128(source + 2);
    const __m128i d = _mm_loadu_si128(source + 3);
    _mm_stream_si128(line, a);
    _mm_stream_si128(line + 1, b);
    _mm_stream_si128(line + 2, c);
    _mm_stream_si128(line + 3, d);
  }
  // Such writes are not ordered with those of a lock that hands them over.
  _mm_sfence();
  std::memcpy(out + done, in + done, size - done);
}

#else

void StreamCopy(void* to, const void* from, size_t size) {
  if (size > 0) std::memcpy(to, from, size);
}

#endif

}  // namespace millrace
