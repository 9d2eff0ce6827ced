// Where things lie below the root of a data folder.
//
//   coco/train2017/@<version>/      a published dataset:
//     dataset.pb                      info, quarantine (info_file.h)
//     catalog/                        RocksDB: keys, indexes
//     shard-0000/ shard-0001/ ...     RocksDB: records
//   .staging/
//     coco%train2017/                 a dataset being written
//     coco%train2017@lock             held by the process that writes it
//     @<process>-<time>/               something being removed
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace millrace {

inline constexpr absl::string_view kInfoFileName = "dataset.pb";
inline constexpr absl::string_view kCatalogName = "catalog";
inline constexpr absl::string_view kTablesName = "tables";
inline constexpr absl::string_view kLockSuffix = "@lock";
inline constexpr size_t kVersionDigits = 32;

std::string ShardName(uint32_t shard);

// Of a dataset: all of its versions, one version.
std::string DatasetPath(absl::string_view root, absl::string_view name);
std::string VersionPath(absl::string_view root, absl::string_view name,
                        absl::string_view version);

std::string StagingRoot(absl::string_view root);
// Of a dataset being written.
std::string StagingPath(absl::string_view root, absl::string_view name);
std::string StagingLockPath(absl::string_view root, absl::string_view name);

// Whether `text` is `min_digits` to 32 lower-case hexadecimal digits.
bool IsVersion(absl::string_view text, size_t min_digits = kVersionDigits);

// Whether `text` may be one part of a dataset's name.
bool IsNamePart(absl::string_view text);

}  // namespace millrace
