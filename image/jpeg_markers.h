// The segments of a JPEG before its first scan: T.81, annex B.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace millrace {

inline constexpr uint8_t kJpegStartOfImage = 0xD8;
inline constexpr uint8_t kJpegEndOfImage = 0xD9;
inline constexpr uint8_t kJpegStartOfScan = 0xDA;
inline constexpr uint8_t kJpegRestartInterval = 0xDD;
inline constexpr uint8_t kJpegApp0 = 0xE0;
inline constexpr uint8_t kJpegApp1 = 0xE1;
inline constexpr uint8_t kJpegApp14 = 0xEE;
inline constexpr uint8_t kJpegApp15 = 0xEF;
inline constexpr uint8_t kJpegComment = 0xFE;

struct JpegSegment {
  uint8_t marker = 0;
  // What lies behind the length.
  absl::string_view body;
  // Marker, length and body, without fill bytes.
  absl::string_view whole;
};

// Goes over the segments, the first start of scan being the last. Bytes between
// segments are skipped, as libjpeg does.
class JpegSegmentReader {
 public:
  explicit JpegSegmentReader(absl::string_view jpeg) : jpeg_(jpeg) {}

  // Absent at the end, and where a length lies.
  std::optional<JpegSegment> Next();

  // Whether nothing but the start of the image and segments was there so far.
  // libjpeg forgives some of what else there may be.
  bool clean() const { return clean_; }

 private:
  absl::string_view jpeg_;
  size_t at_ = 0;
  bool clean_ = true;
  bool ended_ = false;
};

}  // namespace millrace
