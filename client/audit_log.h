// Which samples a trainer was given, as text: what `millrace audit` reads.
//
// One line for each stream that was opened, then one for each step, words
// between single blanks. The first word of every line is the stream's own
// random number, so that many streams may share a file:
//
//   STREAM open VERSION TIME RANK WORLD_SIZE START_STEP STEPS_PER_EPOCH
//          POSITIONS GLOBAL_BATCH PLAN_DIGEST PLAN
//   STREAM step EPOCH STEP DIGEST ORDINAL ORDINAL ...
//
// VERSION is 1; TIME, when the stream was opened, in microseconds since 1970;
// PLAN_DIGEST, DIGEST and STREAM 16 hexadecimal digits. PLAN is the plan with
// all defaults and versions, serialised, in web-safe base64. DIGEST is XXH3_64
// over the bytes of all tensors in their order, each preceded by its length as
// 8 bytes, little-endian. The ordinals are those of this rank's positions, -1
// where the batch is padded; of a mixture DATASET_INDEX:ORDINAL.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/batch_stream.h"
#include "client/line_file.h"
#include "millrace/v1/millrace.pb.h"

namespace millrace::client {

inline constexpr int kAuditVersion = 1;

// XXH3_64, as above.
uint64_t TensorDigest(const ReceivedBatch& batch);

// " ORDINAL ORDINAL ..." of a batch, as above. INTERNAL if it has none.
absl::StatusOr<std::string> OrdinalWords(const ReceivedBatch& batch);

class AuditLog {
 public:
  // Appends the line of the opened stream. FAILED_PRECONDITION if it cannot be
  // written, here and below.
  static absl::StatusOr<AuditLog> Start(const std::string& path,
                                        const v1::StreamOpened& opened,
                                        uint32_t rank, uint32_t world_size,
                                        uint64_t start_step);

  absl::Status Add(const ReceivedBatch& batch);

 private:
  AuditLog(LineFile file, std::string stream);

  LineFile file_;
  std::string stream_;
};

}  // namespace millrace::client
