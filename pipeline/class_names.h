// Classes of a dataset, found by what a plan may call them.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "millrace/v1/dataset.pb.h"
#include "millrace/v1/plan.pb.h"

namespace millrace {

// Immutable. `info` must outlive it.
class ClassNames {
 public:
  explicit ClassNames(const v1::DatasetInfo& info);

  // Category indices, sorted, each once. NOT_FOUND: a name, node or
  // supercategory that the dataset does not have, with the nearest that it has;
  // `where` names the field.
  absl::StatusOr<std::vector<uint32_t>> Find(absl::string_view where,
                                             const v1::ClassSet& classes) const;

 private:
  // `root` and what is below it.
  std::vector<absl::string_view> NodesBelow(absl::string_view root) const;

  const v1::DatasetInfo& info_;
  absl::flat_hash_map<absl::string_view, uint32_t> indices_;
  absl::flat_hash_map<absl::string_view, std::vector<absl::string_view>>
      children_;
  absl::flat_hash_map<absl::string_view, std::vector<uint32_t>>
      supercategories_;
};

}  // namespace millrace
