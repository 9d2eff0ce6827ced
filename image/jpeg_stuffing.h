// Entropy-coded data of a JPEG have a zero behind each 0xFF, so that no marker
// appears in them.
#pragma once

#include <cstdint>

namespace millrace {

// Copies [from, end) without the stuffing. Returns the end of the copy; nullptr
// if something else than a zero follows a 0xFF, or nothing does. `to` has room
// for end - from + 64 bytes, all of which may be overwritten.
uint8_t* Unstuff(const uint8_t* from, const uint8_t* end, uint8_t* to);

}  // namespace millrace
