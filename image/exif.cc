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

constexpr uint8_t kStartOfImage = 0xD8;
constexpr uint8_t kEndOfImage = 0xD9;
constexpr uint8_t kStartOfScan = 0xDA;
constexpr uint8_t kApp1 = 0xE1;

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

uint8_t ByteAt(absl::string_view bytes, size_t offset) {
  return static_cast<uint8_t>(bytes[offset]);
}

// Markers that stand alone, without a length: stuffing, TEM, RSTn, SOI.
bool HasNoLength(uint8_t marker) {
  return marker <= 0x01 || (marker >= 0xD0 && marker <= kStartOfImage);
}

// The TIFF file in the first EXIF segment before the first scan; empty if there
// is none. Bytes between segments are skipped, as libjpeg does.
absl::string_view FindTiff(absl::string_view jpeg) {
  size_t at = 0;
  while ((at = jpeg.find('\xFF', at)) != absl::string_view::npos) {
    while (at < jpeg.size() && ByteAt(jpeg, at) == 0xFF) ++at;
    if (jpeg.size() - at < 3) return "";
    const uint8_t marker = ByteAt(jpeg, at++);
    if (HasNoLength(marker)) continue;
    if (marker == kEndOfImage || marker == kStartOfScan) return "";
    const size_t length = ByteAt(jpeg, at) << 8 | ByteAt(jpeg, at + 1);
    if (length < 2 || length > jpeg.size() - at) return "";
    const absl::string_view segment = jpeg.substr(at + 2, length - 2);
    if (marker == kApp1 && absl::StartsWith(segment, kPrefix)) {
      return segment.substr(kPrefix.size());
    }
    at += length;
  }
  return "";
}

}  // namespace

int JpegOrientation(absl::string_view jpeg) {
  const auto tiff = OpenTiff(FindTiff(jpeg));
  if (!tiff) return 1;
  const uint32_t orientation = OrientationIn(*tiff).value_or(1);
  return orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation)
                                              : 1;
}

}  // namespace millrace
