#include "storage/database.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/status_macros.h"
#include "storage/layout.h"
#include "storage/rocksdb_options.h"

namespace millrace {

namespace {

absl::Status Merge(rocksdb::DB* db, const std::string& path) {
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction =
      rocksdb::BottommostLevelCompaction::kForce;
  return WriteError(db->CompactRange(options, nullptr, nullptr), "merge", path);
}

}  // namespace

absl::Status BuildDatabase(const std::string& path,
                           const std::vector<std::string>& tables, bool merge) {
  rocksdb::Options options = TableOptions();
  options.create_if_missing = true;
  options.error_if_exists = true;
  options.target_file_size_base = uint64_t{1} << 30;
  options.max_compaction_bytes = uint64_t{1} << 60;
  // Otherwise each database starts sixteen threads to open its few tables.
  options.max_file_opening_threads = 1;
  rocksdb::DB* opened = nullptr;
  MILLRACE_RETURN_IF_ERROR(
      WriteError(rocksdb::DB::Open(options, path, &opened), "create", path));
  const std::unique_ptr<rocksdb::DB> db(opened);
  rocksdb::IngestExternalFileOptions ingest;
  ingest.move_files = true;
  ingest.write_global_seqno = false;
  MILLRACE_RETURN_IF_ERROR(
      WriteError(db->IngestExternalFile(tables, ingest), "write", path));
  if (merge) MILLRACE_RETURN_IF_ERROR(Merge(db.get(), path));
  return WriteError(db->Close(), "write", path);
}

struct Database::Rep {
  absl::Status Translate(const rocksdb::Status& status) const {
    const absl::Status error = ReadError(status, shown_path);
    // RocksDB tries the old name of a table last, and so names that.
    return absl::Status(
        error.code(), absl::StrReplaceAll(error.message(), {{path, shown_path},
                                                            {".ldb", ".sst"}}));
  }

  std::string path;
  std::string shown_path;
  std::unique_ptr<rocksdb::DB> db;
};

Database::Database(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}

Database::~Database() = default;

absl::StatusOr<std::unique_ptr<Database>> Database::Open(
    const std::string& path, const std::string& shown_path) {
  auto rep = std::make_shared<Rep>();
  rep->path = path;
  rep->shown_path = shown_path;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(TableOptions(), path, &opened);
  rep->db.reset(opened);
  if (status.IsNotFound())
    return absl::DataLossError(
        absl::StrCat(shown_path, " is not a database: ", status.ToString(),
                     "; restore it from a copy, or ingest the dataset again"));
  MILLRACE_RETURN_IF_ERROR(rep->Translate(status));
  return std::unique_ptr<Database>(new Database(std::move(rep)));
}

absl::StatusOr<StoredValue> Database::Get(absl::string_view key) const {
  struct Held {
    std::shared_ptr<const Rep> database;
    rocksdb::PinnableSlice slice;
  };
  auto held = std::make_shared<Held>();
  held->database = rep_;
  rocksdb::DB* const db = rep_->db.get();
  const rocksdb::Status status =
      db->Get(rocksdb::ReadOptions(), db->DefaultColumnFamily(), AsSlice(key),
              &held->slice);
  if (!status.ok()) return rep_->Translate(status);
  const absl::string_view bytes(held->slice.data(), held->slice.size());
  return StoredValue{bytes, std::move(held)};
}

absl::Status Database::ForEach(
    absl::string_view prefix,
    const std::function<absl::Status(absl::string_view, absl::string_view)>&
        visit) const {
  const std::unique_ptr<rocksdb::Iterator> iterator(
      rep_->db->NewIterator(rocksdb::ReadOptions()));
  for (iterator->Seek(AsSlice(prefix));
       iterator->Valid() && iterator->key().starts_with(AsSlice(prefix));
       iterator->Next()) {
    const rocksdb::Slice key = iterator->key();
    const rocksdb::Slice value = iterator->value();
    MILLRACE_RETURN_IF_ERROR(
        visit(absl::string_view(key.data(), key.size()),
              absl::string_view(value.data(), value.size())));
  }
  return rep_->Translate(iterator->status());
}

}  // namespace millrace
