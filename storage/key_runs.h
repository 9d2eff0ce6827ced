// The map from key to ordinal while it is being built, in bounded memory: keys
// are sorted in runs, each run is written as a table, and the database that
// takes the tables merges them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace millrace {

class KeyRuns {
 public:
  // Holds `max_run_bytes` of keys, and 9 to 18 bytes a sample (27 while it
  // grows) to find keys that come twice.
  explicit KeyRuns(std::string tables_directory,
                   size_t max_run_bytes = size_t{32} << 20);

  // ALREADY_EXISTS: the key was there; nothing has changed then.
  absl::Status Add(absl::string_view key, uint64_t ordinal);

  // Writes what is not written yet. The tables, whose ranges overlap if there
  // was more than one run.
  absl::StatusOr<std::vector<std::string>> Finish();
  bool several_runs() const { return runs_ > 1; }

 private:
  // Small, since they are sorted.
  struct Entry {
    // The first eight bytes of the key, as a number that sorts as they do.
    uint64_t head = 0;
    // Where keys_ has ordinal, size and key.
    size_t begin = 0;
  };

  uint64_t OrdinalOf(const Entry& entry) const;
  absl::string_view KeyOf(const Entry& entry) const;
  auto Less() const {
    return [this](const Entry& a, const Entry& b) {
      return a.head != b.head ? a.head < b.head : KeyOf(a) < KeyOf(b);
    };
  }
  absl::StatusOr<bool> Has(absl::string_view key) const;
  absl::Status WriteRun();
  absl::Status WriteTable(const std::string& path, absl::Span<Entry> entries);

  const std::string tables_directory_;
  const size_t max_run_bytes_;
  absl::flat_hash_set<uint64_t> hashes_;
  // Of the run that is being gathered, one after the other.
  std::string keys_;
  std::vector<Entry> run_;
  uint64_t runs_ = 0;
  std::vector<std::string> tables_;
};

}  // namespace millrace
