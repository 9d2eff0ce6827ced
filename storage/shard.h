// A shard: the records of the samples whose ordinal leaves the same remainder
// when divided by the number of shards.
//
//   ordinal i --> shard i mod S, key i div S
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/database.h"

namespace millrace {

// Where a sample lies.
struct ShardPlace {
  uint32_t shard = 0;
  uint64_t index = 0;
};

inline ShardPlace PlaceOf(uint64_t ordinal, uint32_t shards) {
  return {static_cast<uint32_t>(ordinal % shards), ordinal / shards};
}

// Which part of which dataset a shard is. It is stored in the shard, so that a
// shard that was copied to the wrong place is found out.
struct ShardLabel {
  std::string version;
  uint32_t shard = 0;
  uint32_t shards = 0;
};

// Writes records straight into sorted tables. One thread at a time.
class ShardWriter {
 public:
  // A dataset of a terabyte then has a thousand tables, each of which costs its
  // readers a file descriptor.
  static constexpr uint64_t kMaxTableBytes = uint64_t{1} << 30;

  // Tables are made in `tables_directory`, which exists. A table ends with the
  // record that takes it past `max_table_bytes`.
  ShardWriter(const std::string& tables_directory, uint32_t shard,
              uint64_t max_table_bytes = kMaxTableBytes);

  // In the order of indexes, from 0.
  absl::Status Append(absl::string_view record);

  // Makes the shard at `path` and moves the tables there.
  absl::Status Finish(const std::string& path, const ShardLabel& label);

 private:
  absl::Status EnsureTable();

  const std::string table_prefix_;
  const uint64_t max_table_bytes_;
  uint64_t next_index_ = 0;
  std::vector<std::string> finished_;
  std::unique_ptr<TableWriter> table_;
};

// Thread-safe.
class ShardReader {
 public:
  // DATA_LOSS: not there, damaged, or another shard than `label` says.
  // `shown_path` stands for `path` in messages.
  static absl::StatusOr<std::unique_ptr<ShardReader>> Open(
      const std::string& path, const std::string& shown_path,
      const ShardLabel& label);

  // DATA_LOSS, UNAVAILABLE.
  absl::StatusOr<StoredValue> Read(uint64_t index) const;

 private:
  explicit ShardReader(std::unique_ptr<Database> database)
      : database_(std::move(database)) {}

  const std::unique_ptr<Database> database_;
};

}  // namespace millrace
