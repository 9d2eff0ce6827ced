// Asks a server about a dataset: its categories, above all, for who shows names
// instead of numbers.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "millrace/v1/dataset.pb.h"

namespace millrace::client {

// `dataset` is "NAME" or "NAME@VERSION". NOT_FOUND; UNAVAILABLE or
// DEADLINE_EXCEEDED without a server. Does not retry.
absl::StatusOr<v1::DatasetInfo> GetDataset(const std::string& endpoint,
                                           const std::string& dataset,
                                           absl::Duration timeout);

}  // namespace millrace::client
