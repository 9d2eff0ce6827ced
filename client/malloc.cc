#include "client/malloc.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <limits>

namespace millrace::client {

void KeepFreedMemory(size_t bytes) {
#ifdef __GLIBC__
  // Larger allocations are mapped and unmapped one by one; the most allowed.
  constexpr int kMmapThreshold = 32 << 20;
  mallopt(M_MMAP_THRESHOLD, kMmapThreshold);
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(std::min<size_t>(
                                bytes, std::numeric_limits<int>::max())));
#endif
}

}  // namespace millrace::client
