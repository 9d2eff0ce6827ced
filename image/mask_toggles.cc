#include "image/mask_toggles.h"

#include <algorithm>
#include <utility>

namespace millrace {

RunLengthMask MaskBetween(std::vector<uint32_t> toggles, int height,
                          int width) {
  std::sort(toggles.begin(), toggles.end());
  const auto end = static_cast<uint32_t>(int64_t{height} * width);
  RunLengthMask mask = {height, width, {}};
  std::vector<uint32_t>& places = mask.counts;
  for (const uint32_t toggle : toggles) {
    if (!places.empty() && places.back() == toggle) {
      places.pop_back();
    } else {
      places.push_back(toggle);
    }
  }
  if (places.empty() || places.back() != end) places.push_back(end);
  uint32_t previous = 0;
  for (uint32_t& place : places) {
    place -= std::exchange(previous, place);
  }
  return mask;
}

}  // namespace millrace
