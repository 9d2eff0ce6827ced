// Options and errors shared by the .cc files that know RocksDB; not for others.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace rocksdb {
struct Options;
class Status;
class Slice;
}  // namespace rocksdb

namespace millrace {

// Tables as docs/storage_format.md has them, no log files, no timers.
rocksdb::Options TableOptions();

rocksdb::Slice AsSlice(absl::string_view text);

// OK for OK. `path` is what was written; `action` such as "write".
absl::Status WriteError(const rocksdb::Status& status, absl::string_view action,
                        absl::string_view path);

absl::Status ReadError(const rocksdb::Status& status, absl::string_view path);

}  // namespace millrace
