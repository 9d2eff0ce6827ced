// Large memory in huge pages, where the system has them for the asking: random
// reads of many megabytes, and first writes, then cost a fraction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace millrace {

struct FreeBytes {
  void operator()(uint8_t* bytes) const;
};
using LargeBytes = std::unique_ptr<uint8_t[], FreeBytes>;

// Asks for huge pages in [bytes, bytes + size), which nobody has written to
// yet: of whole ones alone, since what shares the others may be the heap's.
void AdviseHugePages(void* bytes, size_t size);

// `size` bytes, aligned to 64 (to a huge page from 2 MiB on), contents
// undefined. Throws std::bad_alloc as `new` does. Memory is taken from the
// system as it is written to, up to 2 MiB at a time.
LargeBytes AllocateLarge(size_t size);

}  // namespace millrace
