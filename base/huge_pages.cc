#include "base/huge_pages.h"

#include <sys/mman.h>

#include <cstdlib>
#include <new>

namespace millrace {

namespace {
constexpr size_t kHugePageBytes = size_t{2} << 20;
constexpr size_t kAlignment = 64;
}  // namespace

void FreeBytes::operator()(uint8_t* bytes) const { std::free(bytes); }

LargeBytes AllocateLarge(size_t size) {
  const bool huge = size >= kHugePageBytes;
  const size_t alignment = huge ? kHugePageBytes : kAlignment;
  void* bytes = nullptr;
  if (posix_memalign(&bytes, alignment, size) != 0) throw std::bad_alloc();
  // Whole huge pages alone: what shares the last one may be the heap's. A
  // system that has none says so and does no harm.
  if (huge)
    madvise(bytes, size / kHugePageBytes * kHugePageBytes, MADV_HUGEPAGE);
  return LargeBytes(static_cast<uint8_t*>(bytes));
}

}  // namespace millrace
