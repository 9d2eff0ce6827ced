#include "ingest/text.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "ingest/bytes.h"

namespace millrace {
namespace {

constexpr uint64_t kMaxTextBytes = uint64_t{1} << 30;

// Bytes of the sequence that begins at text[0], 0 if it is not well-formed
// (overlong forms, surrogates and numbers above 0x10FFFF are not).
size_t SequenceLength(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                        : first >= 0xE0 && first <= 0xEF ? 3
                        : first >= 0xF0 && first <= 0xF4 ? 4
                                                         : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const uint8_t second = byte(1);
  const bool bad =
      (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
      (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
  return bad ? 0 : length;
}

}  // namespace

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string Printable(absl::string_view text) {
  return IsUtf8(text) ? std::string(text) : absl::CHexEscape(text);
}

bool IsWordNetId(absl::string_view text) {
  return text.size() == 9 && text[0] == 'n' &&
         std::all_of(text.begin() + 1, text.end(), absl::ascii_isdigit);
}

absl::string_view FileName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? path : path.substr(slash + 1);
}

absl::string_view FileStem(absl::string_view path) {
  const absl::string_view name = FileName(path);
  const size_t dot = name.rfind('.');
  return dot == absl::string_view::npos || dot == 0 ? name
                                                    : name.substr(0, dot);
}

absl::Status ForEachLine(
    absl::string_view path, absl::string_view text,
    const std::function<absl::Status(size_t number, absl::string_view line)>&
        line) {
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const absl::string_view stripped =
        absl::StripAsciiWhitespace(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (stripped.empty()) continue;
    const absl::Status status =
        IsUtf8(stripped) ? line(number, stripped)
                         : absl::InvalidArgumentError("not UTF-8 text");
    if (!status.ok()) {
      return absl::Status(status.code(), absl::StrCat(path, ", line ", number,
                                                      ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

v1::Quarantined MakeQuarantined(absl::string_view key,
                                absl::string_view reason) {
  v1::Quarantined entry;
  entry.set_key(Printable(key));
  entry.set_reason(Printable(reason));
  return entry;
}

absl::StatusOr<std::string> ReadTextFile(const std::string& path) {
  return ReadWholeFile(path, kMaxTextBytes);
}

}  // namespace millrace
