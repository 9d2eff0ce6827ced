// The baseline decoder against libjpeg: what it takes, libjpeg decodes to the
// same pixels, whole and in part, without a warning about them. And it survives
// whatever a decode record says that passes the checks.

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "absl/strings/match.h"
#include "image/baseline_decoder.h"
#include "image/decode.h"
#include "image/jpeg_layout.h"

namespace millrace {
namespace {

constexpr int64_t kMaxPixels = 1 << 16;

void Require(bool holds) {
  if (!holds) std::abort();
}

Rect RegionOf(const Image& whole, uint8_t choice) {
  const int x = whole.width() * (choice & 15) / 16;
  const int y = whole.height() * (choice >> 4) / 16;
  return {x, y, (whole.width() - x + 1) / 2, (whole.height() - y + 1) / 2};
}

void RequireSamePart(const Image& part, const Image& whole, const Rect& rect) {
  for (int row = 0; row < rect.height; ++row) {
    const uint8_t* expected =
        whole.row(rect.y + row) + size_t{1} * rect.x * whole.channels();
    Require(std::memcmp(part.row(row), expected, part.stride()) == 0);
  }
}

void CompareWithLibjpeg(absl::string_view jpeg, const JpegLayout& layout,
                        uint8_t choice, BaselineDecoder* decoder) {
  Image ours;
  const Rect whole = {0, 0, layout.width, layout.height};
  if (!decoder->Decode(jpeg, layout, whole, 3, &ours).ok()) return;
  DecodeOptions options;
  options.channels = 3;
  options.apply_orientation = false;
  DecodeReport report;
  const auto theirs = Decode(jpeg, options, &report);
  Require(theirs.ok());
  // Else of the pixels: JFIF revisions and Adobe colour codes change none.
  Require(report.warning.empty() ||
          absl::StrContains(report.warning, "nknown JFIF") ||
          absl::StrContains(report.warning, "nknown Adobe"));
  Require(theirs->pixels() == ours.pixels());
  const Rect rect = RegionOf(*theirs, choice);
  Image part;
  Require(decoder->Decode(jpeg, layout, rect, 3, &part).ok());
  RequireSamePart(part, *theirs, rect);
}

// A few bytes of the record, changed as the input says.
void SurviveLies(absl::string_view jpeg, const JpegLayout& layout,
                 absl::string_view lies, BaselineDecoder* decoder) {
  std::string record = SerializeJpegLayout(layout);
  for (size_t i = 0; i + 2 < lies.size(); i += 3) {
    const size_t at =
        static_cast<uint8_t>(lies[i]) << 8 | static_cast<uint8_t>(lies[i + 1]);
    record[at % record.size()] ^= lies[i + 2];
  }
  JpegLayout lying;
  if (!ParseSerializedJpegLayout(record, jpeg.size(), &lying).ok()) return;
  if (int64_t{1} * lying.width * lying.height > kMaxPixels) return;
  Image image;
  (void)decoder->Decode(jpeg, lying, {0, 0, lying.width, lying.height}, 3,
                        &image);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kLies = 6;
  if (size < kLies + 1) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const absl::string_view jpeg = bytes.substr(0, size - kLies - 1);
  const auto layout = ParseJpegLayout(jpeg);
  if (!layout.ok()) return 0;
  if (int64_t{1} * layout->width * layout->height > kMaxPixels) return 0;
  static BaselineDecoder decoder;  // Used again, as in a server.
  CompareWithLibjpeg(jpeg, *layout, data[size - 1], &decoder);
  SurviveLies(jpeg, *layout, bytes.substr(jpeg.size(), kLies), &decoder);
  return 0;
}

}  // namespace millrace
