#include "storage/shard.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "storage/coding.h"
#include "storage/layout.h"

namespace millrace {

namespace {

// After every key that is an index.
constexpr absl::string_view kLabelKey = "\xff\xff\xff\xff\xff\xff\xff\xfflabel";

std::string Serialise(const ShardLabel& label) {
  std::string bytes = label.version;
  AppendLittleEndian(label.shard, &bytes);
  AppendLittleEndian(label.shards, &bytes);
  return bytes;
}

absl::Status CheckLabel(const Database& database, const std::string& path,
                        const ShardLabel& label) {
  const absl::StatusOr<StoredValue> stored = database.Get(kLabelKey);
  if (stored.ok() && stored->bytes == Serialise(label)) {
    return absl::OkStatus();
  }
  if (!stored.ok() && !absl::IsNotFound(stored.status())) {
    return stored.status();
  }
  return absl::DataLossError(absl::StrCat(
      path, " is not shard ", label.shard, " of ", label.shards,
      " of this dataset: put the right files back, or ingest it again"));
}

}  // namespace

ShardWriter::ShardWriter(const std::string& tables_directory, uint32_t shard,
                         uint64_t max_table_bytes)
    : table_prefix_(absl::StrCat(tables_directory, "/", ShardName(shard))),
      max_table_bytes_(max_table_bytes) {}

absl::Status ShardWriter::EnsureTable() {
  if (table_ != nullptr && table_->file_bytes() >= max_table_bytes_) {
    MILLRACE_RETURN_IF_ERROR(table_->Finish());
    finished_.push_back(table_->path());
    table_ = nullptr;
  }
  if (table_ == nullptr) {
    MILLRACE_ASSIGN_OR_RETURN(
        table_, TableWriter::Create(absl::StrFormat(
                    "%s-%06d.sst", table_prefix_, finished_.size())));
  }
  return absl::OkStatus();
}

absl::Status ShardWriter::Append(absl::string_view record) {
  MILLRACE_RETURN_IF_ERROR(EnsureTable());
  return table_->Put(BigEndianKey(next_index_++), record);
}

absl::Status ShardWriter::Finish(const std::string& path,
                                 const ShardLabel& label) {
  MILLRACE_RETURN_IF_ERROR(EnsureTable());
  MILLRACE_RETURN_IF_ERROR(table_->Put(kLabelKey, Serialise(label)));
  MILLRACE_RETURN_IF_ERROR(table_->Finish());
  finished_.push_back(table_->path());
  return BuildDatabase(path, finished_, /*merge=*/false);
}

absl::StatusOr<std::unique_ptr<ShardReader>> ShardReader::Open(
    const std::string& path, const std::string& shown_path,
    const ShardLabel& label) {
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                            Database::Open(path, shown_path));
  MILLRACE_RETURN_IF_ERROR(CheckLabel(*database, shown_path, label));
  return std::unique_ptr<ShardReader>(new ShardReader(std::move(database)));
}

absl::StatusOr<StoredValue> ShardReader::Read(uint64_t index) const {
  absl::StatusOr<StoredValue> value = database_->Get(BigEndianKey(index));
  if (absl::IsNotFound(value.status())) {
    return absl::DataLossError("the record is missing");
  }
  return value;
}

}  // namespace millrace
