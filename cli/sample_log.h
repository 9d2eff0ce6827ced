// Which samples a trainer was given, as text for people and for diff.
//
// One line a step, blanks between numbers:
//   EPOCH STEP RANK WORLD_SIZE ORDINAL ORDINAL ...
// EPOCH and STEP count from 0, STEP over all epochs. The ordinals are those of
// this rank's positions STEP * G + RANK * G / WORLD_SIZE, ... of the order, -1
// where the batch is padded. Of a mixture, DATASET_INDEX:ORDINAL.
//
// The log that proves more is client/audit_log.h.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/batch_stream.h"
#include "client/line_file.h"

namespace millrace::cli {

// Appends, whole lines, each when its step arrives.
class SampleLog {
 public:
  // FAILED_PRECONDITION: as LineFile, here and below.
  static absl::StatusOr<SampleLog> Open(const std::string& path, uint32_t rank,
                                        uint32_t world_size);

  // INTERNAL if the batch has no ordinals.
  absl::Status Add(const client::ReceivedBatch& batch);

 private:
  SampleLog(client::LineFile file, uint32_t rank, uint32_t world_size);

  client::LineFile file_;
  uint32_t rank_;
  uint32_t world_size_;
};

}  // namespace millrace::cli
