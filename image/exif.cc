#include "image/exif.h"

#include <cstdint>
#include <optional>

#include "absl/strings/match.h"

namespace millrace {
namespace {

constexpr absl::string_view kPrefix("Exif\0\0", 6);
constexpr uint32_t kOrientationTag = 0x0112;
constexpr uint32_t kShort = 3;
constexpr size_t kEntryBytes = 12;

// Numbers of a TIFF file, with every read checked.
class TiffReader {
 public:
  TiffReader(absl::string_view bytes, bool big_endian)
      : bytes_(bytes), big_endian_(big_endian) {}

  std::optional<uint32_t> Read(size_t offset, size_t size) const {
    if (offset > bytes_.size() || bytes_.size() - offset < size) {
      return std::nullopt;
    }
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) {
      const size_t at = big_endian_ ? i : size - 1 - i;
      value = value << 8 | static_cast<uint8_t>(bytes_[offset + at]);
    }
    return value;
  }

 private:
  absl::string_view bytes_;
  bool big_endian_;
};

std::optional<TiffReader> OpenTiff(absl::string_view bytes) {
  if (absl::StartsWith(bytes, absl::string_view("II*\0", 4))) {
    return TiffReader(bytes, /*big_endian=*/false);
  }
  if (absl::StartsWith(bytes, absl::string_view("MM\0*", 4))) {
    return TiffReader(bytes, /*big_endian=*/true);
  }
  return std::nullopt;
}

std::optional<uint32_t> OrientationIn(const TiffReader& tiff) {
  const auto directory = tiff.Read(4, 4);
  if (!directory) return std::nullopt;
  const auto entries = tiff.Read(*directory, 2);
  if (!entries) return std::nullopt;
  for (size_t i = 0; i < *entries; ++i) {
    const size_t entry = size_t{*directory} + 2 + i * kEntryBytes;
    const auto tag = tiff.Read(entry, 2);
    if (!tag) return std::nullopt;
    if (*tag != kOrientationTag) continue;
    if (tiff.Read(entry + 2, 2) != kShort) return std::nullopt;
    return tiff.Read(entry + 8, 2);
  }
  return std::nullopt;
}

}  // namespace

int ExifOrientation(absl::string_view app1) {
  if (!absl::StartsWith(app1, kPrefix)) return 1;
  const auto tiff = OpenTiff(app1.substr(kPrefix.size()));
  if (!tiff) return 1;
  const uint32_t orientation = OrientationIn(*tiff).value_or(1);
  return orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation)
                                              : 1;
}

}  // namespace millrace
