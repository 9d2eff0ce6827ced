// Streams a JSON object whose members are long lists, such as COCO's
// annotation files: one element of a list is in memory at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ingest/bytes.h"

namespace millrace {

// Where an element's text lies in its file.
struct JsonSpan {
  uint64_t offset = 0;
  uint64_t size = 0;
};

struct JsonElement {
  absl::string_view list;  // The member that it is an element of.
  const nlohmann::json& value;
  // Empty for elements that are neither objects nor lists.
  JsonSpan span;
};

// Limits of one element; what goes beyond is INVALID_ARGUMENT.
inline constexpr size_t kMaxJsonDepth = 64;
inline constexpr size_t kMaxJsonValues = size_t{4} << 20;
// Bytes without a quotation mark, which bounds strings and long lists.
inline constexpr size_t kMaxJsonTokenBytes = size_t{64} << 20;

// Calls `handler` for each element of each member called one of `lists`, in the
// order of the file; other members are skipped. Stops at the handler's first
// error, and returns it. INVALID_ARGUMENT: not JSON, naming the byte; or JSON
// that is not an object, or a member of `lists` that is not a list.
absl::Status ForEachJsonElement(
    const ByteSource& source, const std::vector<std::string>& lists,
    const std::function<absl::Status(const JsonElement&)>& handler);

}  // namespace millrace
