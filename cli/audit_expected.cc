#include "cli/audit_expected.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "pipeline/canonical_plan.h"
#include "pipeline/sampler.h"
#include "storage/data_dir.h"

namespace millrace::cli {

namespace {

absl::StatusOr<std::shared_ptr<const SampleStore>> OpenDataset(
    const DataDir& data_dir, const std::string& dataset) {
  MILLRACE_ASSIGN_OR_RETURN(const DatasetRef ref, DatasetRef::Parse(dataset));
  return data_dir.Open(ref);
}

}  // namespace

absl::StatusOr<ExpectedSamples> ExpectedSamples::Open(
    const v1::Plan& plan, uint64_t plan_digest, uint64_t positions,
    const std::string& data_dir) {
  if (PlanDigest(plan) != plan_digest) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "the plan in the logs has the digest %016x, not %016x: they are "
        "damaged, or of a newer program than this one",
        PlanDigest(plan), plan_digest));
  }
  ExpectedSamples expected;
  const DataDir folder(data_dir);
  MILLRACE_ASSIGN_OR_RETURN(expected.stores_.emplace_back(),
                            OpenDataset(folder, plan.dataset()));
  for (const v1::MixturePart& part : plan.mixture().parts()) {
    MILLRACE_ASSIGN_OR_RETURN(expected.stores_.emplace_back(),
                              OpenDataset(folder, part.dataset()));
  }
  if (plan.has_mixture()) {
    MILLRACE_ASSIGN_OR_RETURN(expected.mixture_,
                              MixtureSamples::Create(expected.stores_));
  }
  MILLRACE_ASSIGN_OR_RETURN(expected.order_, MakeOrder(plan, expected.stores_));
  if (expected.order_->positions() != positions) {
    return absl::FailedPreconditionError(
        absl::StrCat("the plan selects ", expected.order_->positions(),
                     " positions of the datasets in ", data_dir,
                     ", the logs have ", positions));
  }
  return expected;
}

std::vector<SampleId> ExpectedSamples::At(uint64_t epoch, uint64_t first,
                                          uint64_t count) const {
  std::vector<SampleId> ids(count);
  const uint64_t last = order_->positions();
  if (first >= last) return ids;
  const std::vector<uint64_t> ordinals =
      order_->OrdinalsAt(epoch, first, std::min(count, last - first));
  for (size_t i = 0; i < ordinals.size(); ++i) {
    if (mixture_ == nullptr) {
      ids[i].ordinal = static_cast<int64_t>(ordinals[i]);
      continue;
    }
    const MixtureSamples::Place place = mixture_->PlaceOf(ordinals[i]);
    ids[i].dataset = static_cast<int64_t>(place.dataset);
    ids[i].ordinal = static_cast<int64_t>(place.ordinal);
  }
  return ids;
}

std::string ExpectedSamples::Describe(const SampleId& id) const {
  const std::string text = SampleText(id, mixture_ != nullptr);
  if (id.padding() || static_cast<uint64_t>(id.dataset) >= stores_.size()) {
    return text;
  }
  const absl::StatusOr<Sample> sample = stores_[id.dataset]->Read(id.ordinal);
  if (!sample.ok()) return absl::StrCat(text, " (no such sample)");
  return absl::StrCat(text, " (\"", sample->meta.key(), "\")");
}

std::string SampleText(const SampleId& id, bool mixture) {
  if (id.padding()) return "padding";
  return mixture ? absl::StrCat(id.dataset, ":", id.ordinal)
                 : absl::StrCat(id.ordinal);
}

}  // namespace millrace::cli
