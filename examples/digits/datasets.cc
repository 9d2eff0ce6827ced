#include "examples/digits/datasets.h"

#include "absl/time/time.h"
#include "base/status_macros.h"
#include "client/dataset_query.h"
#include "client/plan_file.h"

namespace millrace::digits {

namespace {

constexpr absl::Duration kQueryTimeout = absl::Seconds(30);

absl::StatusOr<v1::DatasetInfo> GetDatasetFromAny(
    absl::Span<const std::string> endpoints, const std::string& dataset) {
  absl::Status status = absl::InvalidArgumentError("no endpoint is given");
  for (const std::string& endpoint : endpoints) {
    absl::StatusOr<v1::DatasetInfo> info =
        client::GetDataset(endpoint, dataset, kQueryTimeout);
    if (!absl::IsUnavailable(info.status()) &&
        !absl::IsDeadlineExceeded(info.status())) {
      return info;
    }
    status = info.status();
  }
  return status;
}

}  // namespace

v1::Plan TestPlan() {
  v1::Plan plan;
  plan.set_dataset("mnist/test");
  plan.mutable_batch()->set_size(500);
  plan.mutable_batch()->set_remainder(v1::BatchOptions::PAD);
  return plan;
}

absl::StatusOr<v1::Plan> PlanOr(const std::string& file, v1::Plan otherwise) {
  if (file.empty()) return otherwise;
  return client::ReadPlanFile(file);
}

absl::StatusOr<std::vector<std::string>> ClassNames(
    absl::Span<const std::string> endpoints, const std::string& dataset) {
  MILLRACE_ASSIGN_OR_RETURN(const v1::DatasetInfo info,
                            GetDatasetFromAny(endpoints, dataset));
  std::vector<std::string> names;
  for (const v1::Category& category : info.categories()) {
    names.push_back(category.name());
  }
  if (names.empty()) {
    return absl::FailedPreconditionError(dataset + " has no classes");
  }
  return names;
}

}  // namespace millrace::digits
