#include "storage/index_set.h"

#include <exception>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace millrace {

void IndexSet::Add(uint64_t ordinal, const v1::SampleMeta& meta) {
  ForEachIndex(meta,
               [&](const std::string& name) { indexes_[name].add(ordinal); });
}

const OrdinalSet& IndexSet::Get(absl::string_view name) const {
  static const auto* const empty = new OrdinalSet;
  const auto found = indexes_.find(name);
  return found == indexes_.end() ? *empty : found->second;
}

std::map<std::string, std::string> IndexSet::Serialise() {
  std::map<std::string, std::string> serialised;
  for (auto& [name, ordinals] : indexes_) {
    ordinals.runOptimize();
    std::string bytes(ordinals.getSizeInBytes(), '\0');
    ordinals.write(bytes.data());
    serialised.emplace(name, std::move(bytes));
  }
  return serialised;
}

absl::StatusOr<OrdinalSet> ParseIndex(absl::string_view bytes) {
  // Read as a whole number at the front, which wants alignment.
  const std::string aligned(bytes);
  if (aligned.size() < sizeof(uint64_t)) {
    return absl::DataLossError("the index is cut off");
  }
  try {
    return OrdinalSet::readSafe(aligned.data(),
                                aligned.size() - sizeof(uint64_t));
  } catch (const std::exception& error) {
    return absl::DataLossError(
        absl::StrCat("the index is damaged: ", error.what()));
  }
}

}  // namespace millrace
