// Where trainers get their digits from: plans, and what classes there are.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "millrace/v1/plan.pb.h"

namespace millrace::digits {

// All of mnist/test, every sample once; the last batch is padded.
v1::Plan TestPlan();

// The plan in `file`; `otherwise` if that is empty.
absl::StatusOr<v1::Plan> PlanOr(const std::string& file, v1::Plan otherwise);

// Of the first endpoint that answers. FAILED_PRECONDITION if there are none.
absl::StatusOr<std::vector<std::string>> ClassNames(
    absl::Span<const std::string> endpoints, const std::string& dataset);

}  // namespace millrace::digits
