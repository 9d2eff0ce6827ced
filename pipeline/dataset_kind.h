// Whether a dataset is of the kind that a part of a plan is for.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "millrace/v1/dataset.pb.h"

namespace millrace {

// INVALID_ARGUMENT: the dataset has none of it; begins with `where`, the field
// that takes it. What a dataset of an older version did not count may be there.

absl::Status CheckHasAnnotations(absl::string_view where,
                                 const v1::DatasetInfo& dataset);

// Categories that have keypoints.
absl::Status CheckHasKeypoints(absl::string_view where,
                               const v1::DatasetInfo& dataset);

// Labels or annotations, by which samples have classes.
absl::Status CheckHasClasses(absl::string_view where,
                             const v1::DatasetInfo& dataset);

absl::Status CheckHasHierarchy(absl::string_view where,
                               const v1::DatasetInfo& dataset);

// Images of more than one size.
absl::Status CheckHasSizes(absl::string_view where,
                           const v1::DatasetInfo& dataset);

}  // namespace millrace
