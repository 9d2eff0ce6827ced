// The indexes of a dataset in memory, while it is being written or checked,
// and their form at rest: portable Roaring bitmaps.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/sample_store.h"

namespace millrace {

class IndexSet {
 public:
  // Ordinals should come in ascending order: it is fast and compact.
  void Add(uint64_t ordinal, const v1::SampleMeta& meta);

  // Empty if no sample is in it.
  const OrdinalSet& Get(absl::string_view name) const;

  // By name. Run-length encodes the bitmaps that gain from it.
  std::map<std::string, std::string> Serialise();

 private:
  absl::flat_hash_map<std::string, OrdinalSet> indexes_;
};

// DATA_LOSS.
absl::StatusOr<OrdinalSet> ParseIndex(absl::string_view bytes);

}  // namespace millrace
