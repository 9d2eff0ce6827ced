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

void AdviseHugePages(void* bytes, size_t size) {
  const auto begin = reinterpret_cast<uintptr_t>(bytes);
  const uintptr_t first =
      (begin + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
  const uintptr_t last = (begin + size) / kHugePageBytes * kHugePageBytes;
  if (first >= last) return;
  // A system that has none says so and does no harm.
  madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

LargeBytes AllocateLarge(size_t size) {
  const bool huge = size >= kHugePageBytes;
  const size_t alignment = huge ? kHugePageBytes : kAlignment;
  void* bytes = nullptr;
  if (posix_memalign(&bytes, alignment, size) != 0) throw std::bad_alloc();
  if (huge) AdviseHugePages(bytes, size);
  return LargeBytes(static_cast<uint8_t*>(bytes));
}

}  // namespace millrace
