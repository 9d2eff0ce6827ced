// Small datasets and temporary folders for tests.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "millrace/v1/dataset.pb.h"
#include "millrace/v1/sample.pb.h"

namespace millrace {

using SampleList = std::vector<std::pair<v1::SampleMeta, std::string>>;

// A folder for a few megabytes that goes away with this object. In memory where
// there is room, since writing a dataset syncs a hundred times.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Kind "test" with three categories and a hierarchy, without counts.
v1::DatasetInfo TestDescription(const std::string& name);

// `count` samples of "images" of pseudo-random bytes, about `image_bytes` each.
// Sample i has the key "image-i" and label i mod 3; every 4th has a box, every
// 8th a crowd, every 16th a keypoint and a warning. The same arguments give
// the same samples.
SampleList TestSamples(uint64_t count, size_t image_bytes = 100,
                       uint64_t seed = 1);

// What a file holds, and writing it anew; both end the test program if they
// cannot.
std::string ReadAll(const std::string& path);
void WriteAll(const std::string& path, const std::string& bytes);

// Writes and publishes a dataset of these samples.
absl::StatusOr<v1::DatasetInfo> PublishSamples(const std::string& root,
                                               const std::string& name,
                                               const SampleList& samples,
                                               int shards = 4);

}  // namespace millrace
