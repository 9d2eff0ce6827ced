// The canonical form of a plan: everything checked, every default written out,
// so that two spellings of one meaning are one message, with one digest.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "millrace/v1/dataset.pb.h"
#include "millrace/v1/plan.pb.h"
#include "pipeline/plan_limits.h"

namespace millrace {

// - dataset: "NAME@VERSION", with the full version
// - selection: names sorted, each once; conditions as of condition.h; absent if
//   it is empty
// - sizes of crops: two values; interpolation, scale, ratio, p and num_classes
//   set; channels RGB or GRAY
// - mixture: weights set and divided by what they have in common, samplers set
//
// `datasets`: the plan's own, then those of its mixture, as they were opened;
// `dataset`: all of them as one (JoinDatasets()), without a mixture the same.
//
// INVALID_ARGUMENT names the field, or the transform by its place, says why,
// and what would be right; a dataset that has nothing of what a field takes is
// told too, of a mixture the one that the field is about. Whether selected
// classes and keys exist is for selection.h.
absl::StatusOr<v1::Plan> CanonicalPlan(
    const v1::Plan& plan, const v1::DatasetInfo& dataset,
    const std::vector<const v1::DatasetInfo*>& datasets,
    const PlanLimits& limits);

// Of a plan without a mixture.
inline absl::StatusOr<v1::Plan> CanonicalPlan(const v1::Plan& plan,
                                              const v1::DatasetInfo& dataset,
                                              const PlanLimits& limits) {
  return CanonicalPlan(plan, dataset, {&dataset}, limits);
}

// First 8 bytes of the SHA-256 of a canonical plan's serialisation.
uint64_t PlanDigest(const v1::Plan& canonical);

// Channels of the images of a canonical plan: 1 or 3.
int ChannelsOf(const v1::Plan& canonical);

// The most keypoints of any category.
int MaxKeypoints(const v1::DatasetInfo& dataset);

}  // namespace millrace
