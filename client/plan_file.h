// Plans in files, in protobuf's text format; examples/plans/ has some.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "millrace/v1/plan.pb.h"

namespace millrace::client {

// INVALID_ARGUMENT: "FILE:LINE:COLUMN: what is wrong" for the first mistake.
// `name` stands for the file in messages.
absl::StatusOr<v1::Plan> ParsePlan(const std::string& text,
                                   absl::string_view name);

// As ParsePlan; NOT_FOUND if the file cannot be read.
absl::StatusOr<v1::Plan> ReadPlanFile(const std::string& path);

}  // namespace millrace::client
