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

namespace millrace {

class KeyRuns {
 public:
  // Holds `max_run_bytes` of keys, and 9 to 18 bytes a sample (27 while it
  // grows) to find keys that come twice.
  explicit KeyRuns(std::string tables_directory,
                   size_t max_run_bytes = size_t{32} << 20);

  // ALREADY_EXISTS: the key was there; nothing has changed then.
  absl::Status Add(absl::string_view key, uint64_t ordinal);

  // Writes what is not written yet. The tables; their ranges overlap.
  absl::StatusOr<std::vector<std::string>> Finish();

 private:
  absl::StatusOr<bool> Has(const std::string& stored_key) const;
  absl::Status WriteRun();

  const std::string tables_directory_;
  const size_t max_run_bytes_;
  absl::flat_hash_set<uint64_t> hashes_;
  std::vector<std::pair<std::string, uint64_t>> run_;
  size_t run_bytes_ = 0;
  std::vector<std::string> tables_;
};

}  // namespace millrace
