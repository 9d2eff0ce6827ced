// Arbitrary bytes as an image: header, then the whole and a region, which must
// agree. PNG comes in by the same door.

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "image/decode.h"

namespace millrace {
namespace {

void CheckRegion(absl::string_view bytes, const DecodeOptions& options,
                 const Image& whole, uint8_t choice) {
  const int x = whole.width() * (choice & 15) / 16;
  const int y = whole.height() * (choice >> 4) / 16;
  const Rect rect = {x, y, (whole.width() - x + 1) / 2,
                     (whole.height() - y + 1) / 2};
  Image region;
  if (!DecodeRegion(bytes, options, rect, &region).ok()) std::abort();
  for (int row = 0; row < rect.height; ++row) {
    const uint8_t* expected =
        whole.row(y + row) + size_t{1} * x * whole.channels();
    if (std::memcmp(region.row(row), expected, region.stride()) != 0) {
      std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size - 1);
  DecodeOptions options;
  options.limits.max_pixels = 1 << 16;
  options.limits.max_scans = 10;
  const auto header = ReadImageHeader(bytes, options.limits);
  Image whole;
  if (!DecodeRegion(bytes, options, {}, &whole).ok()) return 0;
  if (!header.ok() || whole.width() != header->width()) std::abort();
  CheckRegion(bytes, options, whole, data[size - 1]);
  return 0;
}

}  // namespace millrace
