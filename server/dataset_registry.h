// The datasets of a data folder, opened when needed and shared.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/log.h"
#include "pipeline/plan_compiler.h"
#include "pipeline/shared_memory.h"
#include "server/shared_cache.h"
#include "storage/data_dir.h"
#include "storage/sample_store.h"

namespace millrace {

// Thread-safe. All but the counts read the disk: never on a gRPC thread.
// Names are resolved anew at each call, so that what is published or removed
// meanwhile counts at once.
class DatasetRegistry {
 public:
  // Keeps `keep_open` datasets open beside those in use.
  DatasetRegistry(DataDir data_dir, size_t keep_open, PlanLimits limits,
                  Log* log);

  // "NAME" or "NAME@VERSION". INVALID_ARGUMENT, NOT_FOUND, DATA_LOSS.
  absl::StatusOr<std::shared_ptr<const SampleStore>> Open(
      absl::string_view ref);

  // Compiled once for all streams that have it open at the same time.
  absl::StatusOr<std::shared_ptr<const CompiledPlan>> Compile(
      const v1::Plan& plan);

  // The newest version of each dataset whose name begins with `prefix`,
  // without categories and hierarchy. What cannot be read is logged.
  absl::StatusOr<std::vector<v1::DatasetInfo>> List(absl::string_view prefix);

  size_t open_datasets() const { return stores_.live(); }
  size_t compiled_plans() const { return plans_.live(); }

 private:
  // A version that was removed and published again has the same name, but is
  // another copy, perhaps of one that was damaged.
  struct OpenCopy {
    std::shared_ptr<const SampleStore> store;
    std::string copy;  // See DataDir::CopyId.
  };

  const DataDir data_dir_;
  const PlanLimits limits_;
  Log* const log_;
  SharedMemory memory_;
  SharedCache<OpenCopy> stores_;
  SharedCache<CompiledPlan> plans_;
};

}  // namespace millrace
