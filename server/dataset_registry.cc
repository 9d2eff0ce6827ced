#include "server/dataset_registry.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace millrace {

DatasetRegistry::DatasetRegistry(DataDir data_dir, size_t keep_open,
                                 PlanLimits limits, Log* log)
    : data_dir_(std::move(data_dir)),
      limits_(limits),
      log_(log),
      memory_(limits),
      stores_(keep_open),
      plans_(0) {}

absl::StatusOr<std::shared_ptr<const SampleStore>> DatasetRegistry::Open(
    absl::string_view ref) {
  MILLRACE_ASSIGN_OR_RETURN(const DatasetRef wanted, DatasetRef::Parse(ref));
  MILLRACE_ASSIGN_OR_RETURN(const DatasetRef pinned, data_dir_.Resolve(wanted));
  MILLRACE_ASSIGN_OR_RETURN(const std::string copy, data_dir_.CopyId(pinned));
  MILLRACE_ASSIGN_OR_RETURN(
      const std::shared_ptr<const OpenCopy> open,
      stores_.Get(
          pinned.ToString(),
          [&]() -> absl::StatusOr<std::shared_ptr<const OpenCopy>> {
            MILLRACE_ASSIGN_OR_RETURN(auto store, data_dir_.Open(pinned));
            return std::make_shared<const OpenCopy>(
                OpenCopy{std::move(store), copy});
          },
          [&](const OpenCopy& known) { return known.copy == copy; }));
  return std::shared_ptr<const SampleStore>(open, open->store.get());
}

absl::StatusOr<std::shared_ptr<const CompiledPlan>> DatasetRegistry::Compile(
    const v1::Plan& plan) {
  v1::Plan pinned = plan;
  SampleStores stores;
  const auto open = [&](std::string* name) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(auto store, Open(*name));
    const v1::DatasetInfo& info = store->info();
    *name = absl::StrCat(info.name(), "@", info.version());
    stores.push_back(std::move(store));
    return absl::OkStatus();
  };
  MILLRACE_RETURN_IF_ERROR(open(pinned.mutable_dataset()));
  // What is over the limit is for the compiler to refuse.
  auto& parts = *pinned.mutable_mixture()->mutable_parts();
  for (int i = 0; i < std::min(parts.size(), kMaxMixtureParts); ++i) {
    const absl::Status opened = open(parts[i].mutable_dataset());
    if (opened.ok()) continue;
    return absl::Status(opened.code(), absl::StrCat("mixture.parts[", i,
                                                    "]: ", opened.message()));
  }
  if (!plan.has_mixture()) pinned.clear_mixture();
  return plans_.Get(
      pinned.SerializeAsString(),
      [&] { return CompiledPlan::Compile(pinned, stores, limits_, &memory_); },
      [&](const CompiledPlan& known) { return known.stores() == stores; });
}

absl::StatusOr<std::vector<v1::DatasetInfo>> DatasetRegistry::List(
    absl::string_view prefix) {
  std::vector<std::string> problems;
  MILLRACE_ASSIGN_OR_RETURN(std::vector<v1::DatasetInfo> all,
                            data_dir_.List(&problems));
  for (const std::string& problem : problems) {
    log_->Warning("dataset cannot be read", {{"why", problem}});
  }
  std::vector<v1::DatasetInfo> newest;
  for (v1::DatasetInfo& info : all) {
    if (!absl::StartsWith(info.name(), prefix)) continue;
    info.clear_categories();
    info.clear_hierarchy();
    info.clear_hierarchy_titles();
    // Ordered by name, then oldest first.
    if (!newest.empty() && newest.back().name() == info.name()) {
      newest.back() = std::move(info);
    } else {
      newest.push_back(std::move(info));
    }
  }
  return newest;
}

}  // namespace millrace
