// Which samples of a dataset take part.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "millrace/v1/plan.pb.h"
#include "storage/sample_store.h"

namespace millrace {

// The ordinals that meet every condition of a canonical selection; absent: all.
// NOT_FOUND: an unknown class (with the nearest one that exists) or key.
// INVALID_ARGUMENT: nothing is left. FAILED_PRECONDITION: the dataset was
// ingested without what a condition asks for. Reads indexes and looks keys up,
// so it costs in proportion to the number of keys.
absl::StatusOr<std::optional<OrdinalSet>> Select(const v1::Selection& selection,
                                                 const SampleStore& store);

}  // namespace millrace
