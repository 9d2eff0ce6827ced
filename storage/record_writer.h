// Writes records to their shards, on a thread of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "base/mutex.h"
#include "storage/encoded_samples.h"
#include "storage/shard.h"

namespace millrace {

// Thread-safe, but that Put() is for one thread at a time.
class RecordWriter {
 public:
  // Tables are made in `tables_directory`, which exists.
  RecordWriter(const std::string& tables_directory, int shards);

  // What is not written yet is dropped.
  ~RecordWriter();

  // The next ordinals, from 0. Waits while much is not written yet. An error is
  // that of samples that were put before; nothing is written after it.
  absl::Status Put(EncodedSamples samples);

  // Waits until all that was put is written.
  absl::Status Drain();

  // Makes shard `label.shard` at `path`, once all is drained.
  absl::Status FinishShard(const std::string& path, const ShardLabel& label);

 private:
  void Run();
  // The next, once there are some. Empty: the work is over.
  std::optional<EncodedSamples> Take();
  absl::Status Write(EncodedSamples* samples);

  // Of the thread, until all is drained.
  std::vector<ShardWriter> shards_;
  uint64_t next_ordinal_ = 0;

  Mutex mutex_;
  CondVar changed_;
  std::deque<EncodedSamples> waiting_ ABSL_GUARDED_BY(mutex_);
  // Those that are being written are among them.
  size_t unwritten_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);

  std::thread thread_;
};

}  // namespace millrace
