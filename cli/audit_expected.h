// What an audit compares with: the samples of each position, computed anew from
// a plan and the datasets on disk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/audit_line.h"
#include "millrace/v1/plan.pb.h"
#include "pipeline/epoch_order.h"
#include "pipeline/mixture_samples.h"
#include "storage/sample_store.h"

namespace millrace::cli {

class ExpectedSamples {
 public:
  // `plan`: canonical, as an audit log has it. NOT_FOUND: no such dataset, or
  // not this version. FAILED_PRECONDITION: the plan has another digest, or
  // another number of positions on these datasets.
  static absl::StatusOr<ExpectedSamples> Open(const v1::Plan& plan,
                                              uint64_t plan_digest,
                                              uint64_t positions,
                                              const std::string& data_dir);

  // At `count` positions of an epoch from `first` on; padding after its end.
  std::vector<SampleId> At(uint64_t epoch, uint64_t first,
                           uint64_t count) const;

  // `7 ("train/7.jpg")`.
  std::string Describe(const SampleId& id) const;

 private:
  SampleStores stores_;
  std::shared_ptr<const MixtureSamples> mixture_;  // Null: none.
  std::unique_ptr<const EpochOrder> order_;
};

// "7", of a mixture "1:7", "padding".
std::string SampleText(const SampleId& id, bool mixture);

}  // namespace millrace::cli
