// A SampleStore in memory: for tests and for datasets made on the fly.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/sample_store.h"

namespace millrace {

// Samples without decode records. Counts, indexes and a version are derived
// from the samples (metadata and image bytes); `description` gives name, kind,
// categories, hierarchy. Keys must be unique and category indexes in range,
// else the program stops.
std::shared_ptr<const SampleStore> MakeMemoryStore(
    v1::DatasetInfo description,
    std::vector<std::pair<v1::SampleMeta, std::string>> samples);

}  // namespace millrace
