// Text files line by line, and names that a message can carry.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "millrace/v1/dataset.pb.h"

namespace millrace {

// Well-formed UTF-8, the only text that protobuf strings hold.
bool IsUtf8(absl::string_view text);

// `text` if it is UTF-8, else with its odd bytes as \xNN, for display.
std::string Printable(absl::string_view text);

// "n" and eight digits.
bool IsWordNetId(absl::string_view text);

// The last part of a path; and that without its extension.
absl::string_view FileName(absl::string_view path);
absl::string_view FileStem(absl::string_view path);

// Calls `line` with each line that is not blank, without surrounding blanks,
// and its 1-based number. An error is returned with `path` and the number in
// front. Lines that are not UTF-8 are INVALID_ARGUMENT.
absl::Status ForEachLine(
    absl::string_view path, absl::string_view text,
    const std::function<absl::Status(size_t number, absl::string_view line)>&
        line);

// Both made printable.
v1::Quarantined MakeQuarantined(absl::string_view key,
                                absl::string_view reason);

// A text file of at most 1 GiB.
absl::StatusOr<std::string> ReadTextFile(const std::string& path);

}  // namespace millrace
