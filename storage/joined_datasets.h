// Several datasets described as one: their classes joined by name.
//
//   dataset 0: cat dog        ->  cat dog crow       0 1
//   dataset 1: crow dog       ->                     2 1
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "millrace/v1/dataset.pb.h"

namespace millrace {

struct JoinedDatasets {
  // Its name lists theirs, with versions. Samples, annotations and captions
  // are counted together; hierarchy and counts of categories are those of the
  // first dataset, whose categories keep their indices.
  v1::DatasetInfo info;
  // Of each dataset, by its own indices: the indices in `info`.
  std::vector<std::vector<uint32_t>> categories;
};

// At least one dataset. INVALID_ARGUMENT: two classes of one name have
// different keypoints.
absl::StatusOr<JoinedDatasets> JoinDatasets(
    const std::vector<const v1::DatasetInfo*>& datasets);

}  // namespace millrace
