// Labels of a flat ImageNet folder, in the forms of
// ImagenetFiles::ground_truth.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace millrace {

struct GroundTruth {
  // WordNet id of each image stem; for the forms that name images.
  std::map<std::string, std::string, std::less<>> by_stem;
  // WordNet ids of line 1, 2, ...; for the forms that do not.
  std::vector<std::string> by_line;
  // Whether by_line was given as numbers, and so hangs on synset_order.
  bool numbered = false;
};

// `synset_order` is what numbers count in, 1 for the first; may be empty, and
// then numbers are INVALID_ARGUMENT. Errors name `path` and the line.
absl::StatusOr<GroundTruth> ParseGroundTruth(
    absl::string_view path, absl::string_view text,
    const std::vector<std::string>& synset_order);

// The n of a stem that ends in "_val_" and eight digits, as in
// ILSVRC2012_val_00000001; else 0.
size_t ValidationNumber(absl::string_view stem);

}  // namespace millrace
