// JSON as the commands print it: members in the order they were set.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "millrace/v1/dataset.pb.h"
#include "millrace/v1/sample.pb.h"

namespace millrace::cli {

using Json = nlohmann::ordered_json;

// Indented, with a final newline. Bytes that are no UTF-8 are replaced.
std::string Dump(const Json& json);

// One row of `datasets`: identity and counts.
Json SummaryJson(const v1::DatasetInfo& info);

// The summary with "categories", "hierarchy", "box_sizes", "image".
Json DatasetJson(const v1::DatasetInfo& info);

// A stored sample without its image bytes.
Json SampleJson(const v1::DatasetInfo& info, uint64_t ordinal,
                const v1::SampleMeta& meta);

}  // namespace millrace::cli
