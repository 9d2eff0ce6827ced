#include "storage/rocksdb_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/slice.h>
#include <rocksdb/status.h>
#include <rocksdb/table.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "storage/files.h"
#include "storage/unsynced_env.h"

namespace millrace {

namespace {

constexpr size_t kCacheBytes = size_t{64} << 20;
// With 4 KB, ingest of small samples takes 3 % longer; random reads of them are
// as fast.
constexpr size_t kBlockBytes = 16 << 10;
// Of one database. A dataset of 1 TB has about 1,000 tables.
constexpr int kMaxOpenFiles = 512;

// RocksDB makes a LOG file in its directory if it gets no logger.
class NullLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

// One for the process, however many datasets are open.
std::shared_ptr<rocksdb::Cache> SharedCache() {
  static const auto* const cache =
      new std::shared_ptr<rocksdb::Cache>(rocksdb::NewLRUCache(
          kCacheBytes, /*num_shard_bits=*/4, /*strict_capacity_limit=*/false,
          /*high_pri_pool_ratio=*/0.8));
  return *cache;
}

rocksdb::BlockBasedTableOptions BlockOptions() {
  rocksdb::BlockBasedTableOptions options;
  options.format_version = 5;
  options.checksum = rocksdb::kXXH3;
  options.block_size = kBlockBytes;
  options.block_cache = SharedCache();
  options.cache_index_and_filter_blocks = true;
  options.cache_index_and_filter_blocks_with_high_priority = true;
  return options;
}

// RocksDB keeps the text of errno and drops the number.
int ErrnoOf(const rocksdb::Status& status) {
  if (status.subcode() == rocksdb::Status::kNoSpace) return ENOSPC;
  const std::string text = status.ToString();
  for (int error : {EFBIG, EDQUOT, EROFS, EACCES, EPERM, EMFILE, ENFILE}) {
    if (absl::StrContains(text, strerror(error))) return error;
  }
  return 0;
}

}  // namespace

rocksdb::Options TableOptions() {
  rocksdb::Options options;
  options.env = UnsyncedEnv();
  options.compression = rocksdb::kNoCompression;
  options.table_factory.reset(NewBlockBasedTableFactory(BlockOptions()));
  options.info_log = std::make_shared<NullLogger>();
  options.max_open_files = kMaxOpenFiles;
  options.skip_stats_update_on_db_open = true;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.disable_auto_compactions = true;
  // Manifest and log of each database would take 4 MB for a moment, which a
  // nearly full disk does not have.
  options.allow_fallocate = false;
  // Starts writing back early, so that the sync at the end is short.
  options.bytes_per_sync = 1 << 20;
  // Stays in the core's cache.
  options.writable_file_max_buffer_size = 256 << 10;
  return options;
}

rocksdb::Slice AsSlice(absl::string_view text) {
  return rocksdb::Slice(text.data(), text.size());
}

absl::Status WriteError(const rocksdb::Status& status, absl::string_view action,
                        absl::string_view path) {
  if (status.ok()) return absl::OkStatus();
  const int error = ErrnoOf(status);
  if (error != 0) return FileError(error, action, path);
  const std::string what =
      absl::StrCat("cannot ", action, " ", path, ": ", status.ToString());
  if (status.IsCorruption()) return absl::DataLossError(what);
  if (status.IsIOError()) return absl::UnavailableError(what);
  return absl::InternalError(what);
}

absl::Status ReadError(const rocksdb::Status& status, absl::string_view path) {
  if (status.ok()) return absl::OkStatus();
  const std::string what = absl::StrCat(path, ": ", status.ToString());
  if (status.IsNotFound()) return absl::NotFoundError(what);
  if (status.IsCorruption() || status.IsPathNotFound() ||
      status.IsInvalidArgument() || status.IsNotSupported()) {
    return absl::DataLossError(what);
  }
  const int error = ErrnoOf(status);
  if (error != 0) return FileError(error, "read", path);
  return absl::UnavailableError(what);
}

}  // namespace millrace
