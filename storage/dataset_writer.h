// Writes one dataset and publishes it whole, or not at all.
//
//   encode (any threads) --> EncodedSamples --> Append (one thread, in order)
//     --> Publish: digest, shards, catalog, fsync, one rename
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "millrace/v1/dataset.pb.h"
#include "storage/encoded_samples.h"

namespace millrace {

struct WriterOptions {
  // Databases that the samples are spread over. More shards let more servers
  // hold a part each; a shard costs a few open files.
  int shards = 4;
  // Each shard that is written holds a file open and a megabyte of buffers.
  static constexpr int kMaxShards = 256;
  // Publish() looks at it between its steps, which may take long: once true, it
  // is CANCELLED. May be null.
  const std::atomic<bool>* cancel = nullptr;

  absl::Status Validate() const;
};

// One thread at a time.
class DatasetWriter {
 public:
  // `name` without a version. FAILED_PRECONDITION: another process is writing
  // this dataset, or the folder cannot be written. What a killed ingest left
  // behind is removed.
  static absl::StatusOr<std::unique_ptr<DatasetWriter>> Create(
      const std::string& root, const std::string& name,
      const WriterOptions& options);

  // Without Publish, removes all that was written.
  virtual ~DatasetWriter() = default;

  // The next ordinals, from 0. ALREADY_EXISTS: a key twice; the samples before
  // it are in. RESOURCE_EXHAUSTED: the disk is full, which may show as late as
  // in Publish().
  virtual absl::Status Append(EncodedSamples samples) = 0;

  // `description` gives kind, categories (without counts) and hierarchy; the
  // writer fills in the rest. INVALID_ARGUMENT: no samples, or a category
  // index out of range. If this very version is published already, its
  // samples stay as they are; it becomes the newest, and gets this quarantine
  // list.
  virtual absl::StatusOr<v1::DatasetInfo> Publish(
      v1::DatasetInfo description,
      const std::vector<v1::Quarantined>& quarantined) = 0;
};

}  // namespace millrace
