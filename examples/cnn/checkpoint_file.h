// Checkpoints at rest; checkpoint.proto says what is in one.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "examples/cnn/checkpoint.pb.h"

namespace millrace::cnn {

inline constexpr uint32_t kCheckpointVersion = 1;

// Replaces the file at once: whoever reads it, or is killed, finds the old one
// or the new one. FAILED_PRECONDITION if it cannot be written.
absl::Status SaveCheckpoint(const std::string& file,
                            const Checkpoint& checkpoint);

// None if there is no such file. DATA_LOSS if it is not as it was written;
// FAILED_PRECONDITION if it cannot be read, or is of another version.
absl::StatusOr<std::optional<Checkpoint>> LoadCheckpoint(
    const std::string& file);

}  // namespace millrace::cnn
