// Copies of large memory that is not read again soon.
#pragma once

#include <cstddef>

namespace millrace {

// memcpy() past the caches, where the CPU can (x86-64): a large batch neither
// throws out what the caches hold nor is read into them before it is written.
// Pays off for blocks of kilobytes that are together larger than the caches;
// plain memcpy() is better for what is used at once.
void StreamCopy(void* to, const void* from, size_t size);

}  // namespace millrace
