// The datasets of a mixture read as one: the ordinals of each follow those of
// the one before, and their classes become one list (joined_datasets.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/joined_datasets.h"
#include "storage/sample_store.h"

namespace millrace {

// The datasets of a mixture beside the plan's own.
inline constexpr int kMaxMixtureParts = 63;

// Immutable and thread-safe.
class MixtureSamples final : public SampleReader {
 public:
  struct Place {
    size_t dataset = 0;
    uint64_t ordinal = 0;
  };

  // At least one dataset. Errors: of JoinDatasets().
  static absl::StatusOr<std::shared_ptr<const MixtureSamples>> Create(
      SampleStores datasets);

  // Of JoinDatasets().
  const v1::DatasetInfo& info() const override { return joined_.info; }

  // The sample, with the indices of info()'s categories.
  absl::StatusOr<Sample> Read(uint64_t ordinal) const override;

  std::string Describe(uint64_t ordinal, absl::string_view key) const override;

  // Of an ordinal < info().samples().
  Place PlaceOf(uint64_t ordinal) const;

 private:
  MixtureSamples() = default;

  JoinedDatasets joined_;
  SampleStores datasets_;
  // Of each dataset.
  std::vector<uint64_t> first_ordinals_;
};

}  // namespace millrace
