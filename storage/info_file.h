// dataset.pb: the DatasetInfo of a published dataset and its quarantine list in
// one small file with a checksum, so that listing hundreds of datasets opens no
// database, and so that publishing the same content again replaces both at
// once. It is the only place where they are kept. Its bytes are in
// docs/storage_format.md.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "millrace/v1/dataset.pb.h"

namespace millrace {

// The format of the whole directory, raised when a reader of the old one could
// not read the new one.
inline constexpr uint32_t kFormatVersion = 1;

absl::Status WriteInfoFile(const std::string& directory,
                           const v1::DatasetInfo& info,
                           const std::vector<v1::Quarantined>& quarantined);

// The name is left empty: where a dataset lies is what it is called. NOT_FOUND:
// no such directory. DATA_LOSS. FAILED_PRECONDITION: written by a newer
// program. `shown_directory` stands for `directory` in messages.
absl::StatusOr<v1::DatasetInfo> ReadInfoFile(
    const std::string& directory, const std::string& shown_directory);

// Errors as for ReadInfoFile.
absl::StatusOr<std::vector<v1::Quarantined>> ReadQuarantineList(
    const std::string& directory);

}  // namespace millrace
