// From a plan's sampler to an order.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "millrace/v1/plan.pb.h"
#include "pipeline/condition.h"
#include "pipeline/epoch_order.h"
#include "storage/sample_store.h"

namespace millrace {

// Brings a sampler of `dataset`, whose enums are known values, into canonical
// form: weights set, conditions as of condition.h. INVALID_ARGUMENT names the
// field, beginning with `where`.
absl::Status CheckSampler(absl::string_view where,
                          const v1::DatasetInfo& dataset, ConditionRules* rules,
                          v1::Sampler* sampler);

// The order of a canonical plan's epochs. INVALID_ARGUMENT: nothing is
// selected, or nothing that is has a class or a weight. Other errors: of
// selection.h and sample_filter.h.
absl::StatusOr<std::unique_ptr<const EpochOrder>> MakeOrder(
    const v1::Plan& plan, const SampleStore& store);

// The same of a plan that may have a mixture. `stores`: of the plan's own
// dataset and of the mixture's parts.
absl::StatusOr<std::unique_ptr<const EpochOrder>> MakeOrder(
    const v1::Plan& plan, const SampleStores& stores);

}  // namespace millrace
