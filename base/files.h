// Whole files, written so that nobody ever sees half of one.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace millrace {

// Writes a temporary file beside `path`, then renames it over `path`.
// FAILED_PRECONDITION names the path and the system's reason.
absl::Status WriteFileAtomically(const std::string& path,
                                 absl::string_view contents);

}  // namespace millrace
