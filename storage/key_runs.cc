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

namespace {

uint64_t HeadOf(absl::string_view key) {
  uint64_t head = 0;
  const size_t size = std::min(sizeof(head), key.size());
  for (size_t i = 0; i < size; ++i) {
    head |= uint64_t{static_cast<uint8_t>(key[i])} << (56 - 8 * i);
  }
  return head;
}

}  // namespace

KeyRuns::KeyRuns(std::string tables_directory, size_t max_run_bytes)
    : tables_directory_(std::move(tables_directory)),
      max_run_bytes_(max_run_bytes) {}

absl::Status KeyRuns::Add(absl::string_view key, uint64_t ordinal) {
  if (!hashes_.insert(XXH3_64bits(key.data(), key.size())).second) {
    // Almost always the key itself; two keys of one hash are rare but allowed.
    MILLRACE_ASSIGN_OR_RETURN(const bool has, Has(key));
    if (has) {
      return absl::AlreadyExistsError(
          absl::StrCat("the key \"", key,
                       "\" comes twice: keys name samples, so each must "
                       "be unique in its dataset"));
    }
  }
  run_.push_back({HeadOf(key), keys_.size(), key.size(), ordinal});
  keys_.append(key.data(), key.size());
  const size_t run_bytes = keys_.size() + run_.size() * sizeof(Entry);
  return run_bytes < max_run_bytes_ ? absl::OkStatus() : WriteRun();
}

absl::StatusOr<bool> KeyRuns::Has(absl::string_view key) const {
  for (const Entry& entry : run_) {
    if (KeyOf(entry) == key) return true;
  }
  for (const std::string& table : tables_) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has, TableHas(table, CatalogKey(key)));
    if (has) return true;
  }
  return false;
}

absl::Status KeyRuns::WriteRun() {
  std::sort(run_.begin(), run_.end(), [&](const Entry& a, const Entry& b) {
    return a.head != b.head ? a.head < b.head : KeyOf(a) < KeyOf(b);
  });
  MILLRACE_ASSIGN_OR_RETURN(
      const std::unique_ptr<TableWriter> table,
      TableWriter::Create(
          absl::StrCat(tables_directory_, "/keys-", tables_.size(), ".sst")));
  std::string key(kKeyPrefix);
  for (const Entry& entry : run_) {
    key.resize(kKeyPrefix.size());
    absl::StrAppend(&key, KeyOf(entry));
    char value[sizeof(uint64_t)];
    StoreLittleEndian(entry.ordinal, value);
    MILLRACE_RETURN_IF_ERROR(
        table->Put(key, absl::string_view(value, sizeof(value))));
  }
  MILLRACE_RETURN_IF_ERROR(table->Finish());
  tables_.push_back(table->path());
  run_.clear();
  keys_.clear();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> KeyRuns::Finish() {
  if (!run_.empty()) MILLRACE_RETURN_IF_ERROR(WriteRun());
  return tables_;
}

}  // namespace millrace
