#include "image/mask.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace millrace {
namespace {

// The compressed string: five bits a character, the least first; 0x20 says
// that more follow; the last group's 0x10 is the sign. 48 is added to make it
// printable. From the fourth on, a run is coded as its difference to the run
// two before it.
constexpr int kFirstChar = 48;
constexpr int kGroupBits = 5;
constexpr int kGroupMask = 0x1F;
constexpr int kSignBit = 0x10;
constexpr int kMoreBit = 0x20;
// Seven groups hold any difference of two 32-bit numbers.
constexpr int kMaxGroups = 7;
constexpr size_t kFirstDifference = 3;

absl::Status CheckSize(int height, int width) {
  if (height >= 1 && width >= 1 &&
      int64_t{height} * width <= std::numeric_limits<int32_t>::max()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("a mask of ", height, "x", width,
                   " is not possible: it needs 1 to 2^31 - 1 pixels"));
}

// Takes one number off the front of *text.
absl::StatusOr<int64_t> TakeNumber(absl::string_view* text) {
  int64_t value = 0;
  for (int group = 0; group < kMaxGroups; ++group) {
    if (text->empty()) {
      return absl::InvalidArgumentError("run lengths end inside of a number");
    }
    const int bits = static_cast<unsigned char>(text->front()) - kFirstChar;
    if (bits < 0 || bits > (kGroupMask | kMoreBit)) {
      return absl::InvalidArgumentError(
          absl::StrCat("run lengths have a character of code ",
                       bits + kFirstChar, "; known are 48 to 111"));
    }
    text->remove_prefix(1);
    value |= int64_t{bits & kGroupMask} << (kGroupBits * group);
    if (bits & kMoreBit) continue;
    if (bits & kSignBit) value -= int64_t{1} << (kGroupBits * (group + 1));
    return value;
  }
  return absl::InvalidArgumentError("run lengths have a number over 32 bits");
}

void AppendNumber(int64_t value, std::string* text) {
  bool more = true;
  while (more) {
    int bits = static_cast<int>(value & kGroupMask);
    value >>= kGroupBits;
    more = value != (bits & kSignBit ? -1 : 0);
    if (more) bits |= kMoreBit;
    text->push_back(static_cast<char>(bits + kFirstChar));
  }
}

}  // namespace

absl::StatusOr<RunLengthMask> ParseRunLengths(absl::string_view compressed,
                                              int height, int width) {
  MILLRACE_RETURN_IF_ERROR(CheckSize(height, width));
  RunLengthMask mask = {height, width, {}};
  while (!compressed.empty()) {
    MILLRACE_ASSIGN_OR_RETURN(int64_t run, TakeNumber(&compressed));
    const size_t index = mask.counts.size();
    if (index >= kFirstDifference) run += mask.counts[index - 2];
    if (run < 0 || run > std::numeric_limits<int32_t>::max()) {
      return absl::InvalidArgumentError(
          absl::StrCat("run ", index, " has the impossible length ", run));
    }
    mask.counts.push_back(static_cast<uint32_t>(run));
  }
  MILLRACE_RETURN_IF_ERROR(CheckRunLengths(mask));
  return mask;
}

std::string CompressRunLengths(const RunLengthMask& mask) {
  std::string text;
  for (size_t i = 0; i < mask.counts.size(); ++i) {
    int64_t value = mask.counts[i];
    if (i >= kFirstDifference) value -= mask.counts[i - 2];
    AppendNumber(value, &text);
  }
  return text;
}

absl::Status CheckRunLengths(const RunLengthMask& mask) {
  MILLRACE_RETURN_IF_ERROR(CheckSize(mask.height, mask.width));
  uint64_t total = 0;
  for (const uint32_t run : mask.counts) total += run;
  if (total == uint64_t{1} * mask.height * mask.width) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the runs add up to ", total,
                                                 " pixels, but the mask has ",
                                                 mask.height, "x", mask.width));
}

std::vector<uint8_t> RasterOf(const RunLengthMask& mask) {
  std::vector<uint8_t> raster(size_t{1} * mask.height * mask.width);
  PaintRaster(mask, raster.data());
  return raster;
}

uint64_t AreaOf(const RunLengthMask& mask) {
  uint64_t area = 0;
  for (size_t i = 1; i < mask.counts.size(); i += 2) area += mask.counts[i];
  return area;
}

}  // namespace millrace
