// Which samples a trainer was given, as text: the audit trail of an epoch.
//
// One line a step, blanks between numbers:
//   EPOCH STEP RANK WORLD_SIZE ORDINAL ORDINAL ...
// EPOCH and STEP count from 0, STEP over all epochs. The ordinals are those of
// this rank's positions STEP * G + RANK * G / WORLD_SIZE, ... of the order, -1
// where the batch is padded. Of a mixture, DATASET_INDEX:ORDINAL.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/batch_stream.h"

namespace millrace::cli {

// Appends. Each line is written whole, by one write(), when its step arrives,
// so that several ranks may share a file and a killed run leaves what it got.
class SampleLog {
 public:
  // Creates the file if there is none. A last line without its end (the disk
  // was full) is cut off. FAILED_PRECONDITION names what the system says.
  static absl::StatusOr<SampleLog> Open(const std::string& path, uint32_t rank,
                                        uint32_t world_size);
  SampleLog(SampleLog&& other) noexcept;
  SampleLog& operator=(SampleLog&&) = delete;
  ~SampleLog();

  // FAILED_PRECONDITION if it cannot be written; INTERNAL if the batch has no
  // ordinals.
  absl::Status Add(const client::ReceivedBatch& batch);

 private:
  SampleLog(std::string path, int file, uint32_t rank, uint32_t world_size);

  std::string path_;
  int file_;
  uint32_t rank_;
  uint32_t world_size_;
};

}  // namespace millrace::cli
