// Bytes to parse: files, or memory in tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace millrace {

// Random access; thread-safe, never changes size.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual uint64_t size() const = 0;

  // Exactly `size` bytes from `offset`. DATA_LOSS if they are not there, for
  // example because the file was cut since it was opened.
  virtual absl::Status ReadAt(uint64_t offset, size_t size,
                              char* out) const = 0;

  // Asked when a read failed. An error: not only of those bytes, but of all.
  virtual absl::Status Check() const { return absl::OkStatus(); }
};

// A regular file; links are followed. NOT_FOUND, PERMISSION_DENIED or
// INVALID_ARGUMENT (a folder, a pipe), naming the path. Never blocks on a pipe.
absl::StatusOr<std::shared_ptr<const ByteSource>> OpenFile(
    const std::string& path);

std::shared_ptr<const ByteSource> FromMemory(std::string bytes);

// All of it. RESOURCE_EXHAUSTED: more than `max_bytes`.
absl::StatusOr<std::string> ReadAll(const ByteSource& source,
                                    uint64_t max_bytes);
absl::StatusOr<std::string> ReadWholeFile(const std::string& path,
                                          uint64_t max_bytes);

}  // namespace millrace
