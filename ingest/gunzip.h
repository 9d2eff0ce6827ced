// gzip (RFC 1952) to bytes.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace {

// Whether the bytes begin as gzip does.
bool IsGzip(absl::string_view bytes);

// Unpacks all members. INVALID_ARGUMENT: damaged, cut short, or followed by
// something else. RESOURCE_EXHAUSTED: more than `max_bytes` come out; no more
// than that is ever allocated, whatever the ratio.
absl::StatusOr<std::string> Gunzip(absl::string_view packed,
                                   uint64_t max_bytes);

}  // namespace millrace
