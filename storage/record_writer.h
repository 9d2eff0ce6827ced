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

// Put() is for one thread, and over before FinishShard() is called.
class RecordWriter {
 public:
  // Tables are made in `tables_directory`, which exists.
  RecordWriter(const std::string& tables_directory, uint32_t shards);

  // What is not written yet is dropped.
  ~RecordWriter();

  // The next ordinals, from 0. Waits while much is not written yet. An error is
  // that of samples that were put before; nothing is written after it.
  absl::Status Put(EncodedSamples samples);

  // Waits until all that was put is written, and makes shard `label.shard` at
  // `path`. Different shards: on any threads.
  absl::Status FinishShard(const std::string& path, const ShardLabel& label);

 private:
  void Run();
  // The next, once there are some. Empty: the work is over.
  std::optional<EncodedSamples> Take();
  absl::Status Write(EncodedSamples* samples);
  absl::Status Drain();

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
