// dataset.pb: the DatasetInfo of a published dataset in one small file with a
// checksum, so that listing hundreds of datasets opens no database. It is the
// only place where the info is kept. Its bytes are in docs/storage_format.md.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "millrace/v1/dataset.pb.h"

namespace millrace {

// The format of the whole directory, raised when a reader of the old one could
// not read the new one.
inline constexpr uint32_t kFormatVersion = 1;

absl::Status WriteInfoFile(const std::string& directory,
                           const v1::DatasetInfo& info);

// The name is left empty: where a dataset lies is what it is called. NOT_FOUND:
// no such directory. DATA_LOSS. FAILED_PRECONDITION: written by a newer
// program. `shown_directory` stands for `directory` in messages.
absl::StatusOr<v1::DatasetInfo> ReadInfoFile(
    const std::string& directory, const std::string& shown_directory);

}  // namespace millrace
