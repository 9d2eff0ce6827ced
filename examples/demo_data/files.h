// Folders and files of drawn data.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace millrace::demo {

// Makes the file's folders as well. FAILED_PRECONDITION names path and reason.
absl::Status WriteFile(const std::string& path, absl::string_view contents);

}  // namespace millrace::demo
