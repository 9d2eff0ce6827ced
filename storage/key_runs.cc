#include "storage/key_runs.h"

#include <xxhash.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "storage/catalog_keys.h"
#include "storage/coding.h"
#include "storage/database.h"

namespace millrace {

KeyRuns::KeyRuns(std::string tables_directory, size_t max_run_bytes)
    : tables_directory_(std::move(tables_directory)),
      max_run_bytes_(max_run_bytes) {}

absl::Status KeyRuns::Add(absl::string_view key, uint64_t ordinal) {
  std::string stored_key = CatalogKey(key);
  if (!hashes_.insert(XXH3_64bits(key.data(), key.size())).second) {
    // Almost always the key itself; two keys of one hash are rare but allowed.
    MILLRACE_ASSIGN_OR_RETURN(const bool has, Has(stored_key));
    if (has) {
      return absl::AlreadyExistsError(
          absl::StrCat("the key \"", key,
                       "\" comes twice: keys name samples, so each must "
                       "be unique in its dataset"));
    }
  }
  run_bytes_ += sizeof(run_.front()) + stored_key.size();
  run_.emplace_back(std::move(stored_key), ordinal);
  return run_bytes_ < max_run_bytes_ ? absl::OkStatus() : WriteRun();
}

absl::StatusOr<bool> KeyRuns::Has(const std::string& stored_key) const {
  for (const auto& [key, ordinal] : run_) {
    if (key == stored_key) return true;
  }
  for (const std::string& table : tables_) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has, TableHas(table, stored_key));
    if (has) return true;
  }
  return false;
}

absl::Status KeyRuns::WriteRun() {
  std::sort(run_.begin(), run_.end());
  MILLRACE_ASSIGN_OR_RETURN(
      const std::unique_ptr<TableWriter> table,
      TableWriter::Create(
          absl::StrCat(tables_directory_, "/keys-", tables_.size(), ".sst")));
  for (const auto& [key, ordinal] : run_) {
    std::string value;
    AppendLittleEndian(ordinal, &value);
    MILLRACE_RETURN_IF_ERROR(table->Put(key, value));
  }
  MILLRACE_RETURN_IF_ERROR(table->Finish());
  tables_.push_back(table->path());
  run_.clear();
  run_bytes_ = 0;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> KeyRuns::Finish() {
  if (!run_.empty()) MILLRACE_RETURN_IF_ERROR(WriteRun());
  return tables_;
}

}  // namespace millrace
