#include "storage/key_runs.h"

#include <xxhash.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "storage/catalog_keys.h"
#include "storage/coding.h"
#include "storage/database.h"
#include "storage/parallel.h"

namespace millrace {

namespace {

// To sort and write fewer takes less than a thread.
constexpr size_t kWorthHalving = 10'000;

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
  run_.push_back({HeadOf(key), keys_.size()});
  AppendLittleEndian(ordinal, &keys_);
  AppendLittleEndian(static_cast<uint32_t>(key.size()), &keys_);
  keys_.append(key.data(), key.size());
  const size_t run_bytes = keys_.size() + run_.size() * sizeof(Entry);
  return run_bytes < max_run_bytes_ ? absl::OkStatus() : WriteRun();
}

uint64_t KeyRuns::OrdinalOf(const Entry& entry) const {
  return LoadLittleEndian<uint64_t>(keys_.data() + entry.begin);
}

absl::string_view KeyRuns::KeyOf(const Entry& entry) const {
  const char* const size = keys_.data() + entry.begin + sizeof(uint64_t);
  return {size + sizeof(uint32_t), LoadLittleEndian<uint32_t>(size)};
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
  // The lower and the upper half, each a table of its own.
  const absl::Span<Entry> run = absl::MakeSpan(run_);
  const size_t half = run.size() < kWorthHalving ? run.size() : run.size() / 2;
  std::nth_element(run.begin(), run.begin() + half, run.end(), Less());
  const std::vector<absl::Span<Entry>> parts =
      half == run.size()
          ? std::vector<absl::Span<Entry>>{run}
          : std::vector<absl::Span<Entry>>{run.first(half), run.subspan(half)};
  const size_t first = tables_.size();
  for (size_t i = 0; i < parts.size(); ++i) {
    tables_.push_back(
        absl::StrCat(tables_directory_, "/keys-", first + i, ".sst"));
  }
  MILLRACE_RETURN_IF_ERROR(InParallel(parts.size(), [&](size_t i) {
    return WriteTable(tables_[first + i], parts[i]);
  }));
  ++runs_;
  run_.clear();
  keys_.clear();
  return absl::OkStatus();
}

absl::Status KeyRuns::WriteTable(const std::string& path,
                                 absl::Span<Entry> entries) {
  std::sort(entries.begin(), entries.end(), Less());
  MILLRACE_ASSIGN_OR_RETURN(const std::unique_ptr<TableWriter> table,
                            TableWriter::Create(path));
  std::string key(kKeyPrefix);
  for (const Entry& entry : entries) {
    key.resize(kKeyPrefix.size());
    absl::StrAppend(&key, KeyOf(entry));
    char value[sizeof(uint64_t)];
    StoreLittleEndian(OrdinalOf(entry), value);
    MILLRACE_RETURN_IF_ERROR(
        table->Put(key, absl::string_view(value, sizeof(value))));
  }
  return table->Finish();
}

absl::StatusOr<std::vector<std::string>> KeyRuns::Finish() {
  if (!run_.empty()) MILLRACE_RETURN_IF_ERROR(WriteRun());
  return tables_;
}

}  // namespace millrace
