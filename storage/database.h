// RocksDB, as much of it as a dataset needs: sorted tables written once,
// databases made of finished tables, and databases opened for reading. Only the
// .cc files know RocksDB; its errors are translated here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace {

// One sorted file (SST) in the making. One thread at a time.
class TableWriter {
 public:
  // RESOURCE_EXHAUSTED: the disk is full; so for all that writes here.
  static absl::StatusOr<std::unique_ptr<TableWriter>> Create(
      const std::string& path);
  ~TableWriter();
  TableWriter(const TableWriter&) = delete;
  TableWriter& operator=(const TableWriter&) = delete;

  const std::string& path() const { return path_; }

  // Keys must come in ascending order.
  absl::Status Put(absl::string_view key, absl::string_view value);
  uint64_t file_bytes() const;
  // Not durable yet: see SyncTree. At least one key must have been put.
  absl::Status Finish();

 private:
  struct Rep;
  TableWriter(std::string path, std::unique_ptr<Rep> rep);

  const std::string path_;
  const std::unique_ptr<Rep> rep_;
};

// Whether a finished table has `key`. Opens the file: for rare questions.
absl::StatusOr<bool> TableHas(const std::string& path, absl::string_view key);

// Makes a database of finished tables, which are moved into it; not durable
// yet: see SyncTree. `merge`: the ranges of keys overlap, so the tables are
// merged into one sequence.
absl::Status BuildDatabase(const std::string& path,
                           const std::vector<std::string>& tables, bool merge);

// A value, not copied.
struct StoredValue {
  absl::string_view bytes;
  std::shared_ptr<const void> owner;
};

// A database opened for reading; changes nothing on disk. Thread-safe. All
// databases of the process share one cache of 64 MiB, which is for the indexes
// of tables above all.
class Database {
 public:
  // `shown_path` stands for `path` in messages. DATA_LOSS: files are missing or
  // damaged.
  static absl::StatusOr<std::unique_ptr<Database>> Open(
      const std::string& path, const std::string& shown_path);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // NOT_FOUND: no such key. DATA_LOSS: a damaged or missing file. UNAVAILABLE:
  // a read that may succeed when tried again.
  absl::StatusOr<StoredValue> Get(absl::string_view key) const;

  // Keys that begin with `prefix`, ascending, until `visit` fails.
  absl::Status ForEach(
      absl::string_view prefix,
      const std::function<absl::Status(absl::string_view key,
                                       absl::string_view value)>& visit) const;

 private:
  struct Rep;
  explicit Database(std::shared_ptr<const Rep> rep);

  const std::shared_ptr<const Rep> rep_;
};

}  // namespace millrace
