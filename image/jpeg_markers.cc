#include "image/jpeg_markers.h"

namespace millrace {
namespace {

// Markers that stand alone, without a length: stuffing, TEM, RSTn, SOI.
bool HasNoLength(uint8_t marker) {
  return marker <= 0x01 || (marker >= 0xD0 && marker <= kJpegStartOfImage);
}

}  // namespace

std::optional<JpegSegment> JpegSegmentReader::Next() {
  const auto byte = [this](size_t at) {
    return static_cast<uint8_t>(jpeg_[at]);
  };
  while (!ended_) {
    const size_t expected = at_;
    at_ = jpeg_.find('\xFF', at_);
    if (at_ == absl::string_view::npos) break;
    clean_ = clean_ && at_ == expected;
    while (at_ < jpeg_.size() && byte(at_) == 0xFF) ++at_;
    if (jpeg_.size() - at_ < 3) break;
    const size_t begin = at_ - 1;
    const uint8_t marker = byte(at_++);
    if (HasNoLength(marker)) {
      clean_ = clean_ && begin == 0;
      continue;
    }
    if (marker == kJpegEndOfImage) break;
    const size_t length = byte(at_) << 8 | byte(at_ + 1);
    if (length < 2 || length > jpeg_.size() - at_) break;
    ended_ = marker == kJpegStartOfScan;
    const size_t body = at_ + 2;
    at_ += length;
    return JpegSegment{marker, jpeg_.substr(body, length - 2),
                       jpeg_.substr(begin, at_ - begin)};
  }
  ended_ = true;
  return std::nullopt;
}

}  // namespace millrace
