// Conditions of a plan, checked and in one form. What they mean for a dataset
// is for sample_filter.h.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "millrace/v1/dataset.pb.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// Counts the conditions of one plan, and checks each.
//
// The canonical form: names sorted, each once; `all` within `all` and `any`
// within `any` opened; one of something is that thing itself; what is in a list
// sorted by kind, the cheap ones first, each once; at_least set. Expressions
// that are equal by deeper laws of logic stay apart.
class ConditionRules {
 public:
  // On samples of `dataset`. INVALID_ARGUMENT names the field, beginning with
  // `where`, says why (a dataset of a kind that never meets the condition,
  // too), and what would be right.
  absl::Status Apply(absl::string_view where, const v1::DatasetInfo& dataset,
                     v1::Condition* condition);

 private:
  // A condition within `depth` - 1 others.
  absl::Status ApplyAt(int depth, const std::string& where,
                       const v1::DatasetInfo& dataset,
                       v1::Condition* condition);
  absl::Status ApplyList(int depth, const std::string& where,
                         const v1::DatasetInfo& dataset, v1::Conditions* list);
  absl::Status Count(const std::string& where, const v1::Condition& condition);

  int conditions_ = 0;
  int scans_ = 0;
};

}  // namespace millrace
