// Reads a whole dataset and says whether it is what was published: every
// record's checksum and place, every key, every index and attribute, every
// count, and the version, which is computed anew from the content.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "millrace/v1/dataset.pb.h"
#include "storage/data_dir.h"
#include "storage/sample_store.h"

namespace millrace {

struct VerifyProgress {
  uint64_t done = 0;
  uint64_t total = 0;
  uint64_t bad = 0;
  // Of records, read so far.
  uint64_t bytes = 0;
};

struct VerifyOptions {
  // 0: all cores.
  int threads = 0;
  // Reasons kept; bad samples are counted beyond.
  size_t max_reasons = 1000;
  // Asked of every sample that is good so far, by several threads at once; an
  // error makes it a bad one. For what this room cannot judge: the pixels.
  std::function<absl::Status(const Sample&)> check_sample;
  // On the calling thread, every few thousand samples and at the end.
  std::function<void(const VerifyProgress&)> on_progress;
  // Set by another thread to stop; then the result is CANCELLED.
  const std::atomic<bool>* cancel = nullptr;

  absl::Status Validate() const;
};

struct BadSample {
  uint64_t ordinal = 0;
  std::string reason;
};

// A shard that cannot be opened; each of its samples counts as bad.
struct BadShard {
  uint32_t shard = 0;
  uint64_t samples = 0;
  std::string reason;
};

struct VerifyReport {
  v1::DatasetInfo info;
  VerifyProgress progress;
  std::vector<BadShard> bad_shards;
  // Of the other shards; by ordinal, at most max_reasons.
  std::vector<BadSample> bad_samples;
  // What is wrong with the dataset as a whole: its counts, indexes, version.
  // Looked for only if every sample is good.
  std::vector<std::string> problems;

  bool ok() const { return progress.bad == 0 && problems.empty(); }
};

// An error if the dataset cannot even be opened, as of DataDir::Open. Memory
// does not grow with the dataset but for its indexes.
absl::StatusOr<VerifyReport> VerifyDataset(const DataDir& data_dir,
                                           const DatasetRef& ref,
                                           const VerifyOptions& options = {});

}  // namespace millrace
