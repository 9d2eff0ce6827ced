// The memory that messages arrive in.
#pragma once

#include <cstddef>

namespace millrace::client {

// Tells the C library to keep up to `bytes` of freed memory in each of its
// arenas, rather than give it back to the system batch by batch. gRPC takes and
// frees the memory of every message; as the C library stands, its pages are
// cleared and mapped anew each time, which can be half of what receiving costs.
//
// Holds for the whole process, so it is the program's to call: once, at its
// start. Elsewhere than with glibc it does nothing.
void KeepFreedMemory(size_t bytes = size_t{256} << 20);

}  // namespace millrace::client
