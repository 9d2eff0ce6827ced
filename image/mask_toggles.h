// Masks from the pixels at which they change.
#pragma once

#include <cstdint>
#include <vector>

#include "image/mask.h"

namespace millrace {

// `toggles`: pixels, counted down the columns, from which on the mask is the
// other way round; height * width at most, in any order. Two at one place
// cancel out.
RunLengthMask MaskBetween(std::vector<uint32_t> toggles, int height, int width);

}  // namespace millrace
