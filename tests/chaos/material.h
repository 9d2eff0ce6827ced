// What the chaos is made over: two datasets and a plan for each.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace::chaos {

struct Job {
  std::string name;
  std::string plan_file;
};

struct Material {
  std::string data_dir;
  std::vector<Job> jobs;
};

// Ingests into `folder`/data, and writes the plans: digits with augmentation,
// the last batch of an epoch padded; photos in training crops, the last batch
// dropped. Global batches divide by 2, 3 and 4.
//
// `real`: a folder with mnist/ and imagenet-sample/; what it lacks is drawn.
// `small`: few, drawn photos and some of the digits, for a run of seconds.
absl::StatusOr<Material> PrepareMaterial(const std::string& folder,
                                         const std::string& real, bool small);

}  // namespace millrace::chaos
