#include "client/audit_log.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <random>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status_macros.h"

namespace millrace::client {

namespace {

std::string Hex(uint64_t value) {
  return absl::StrCat(absl::Hex(value, absl::kZeroPad16));
}

std::string NewStreamNumber() {
  std::random_device device;
  return Hex(uint64_t{device()} << 32 | device());
}

}  // namespace

uint64_t TensorDigest(const ReceivedBatch& batch) {
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  for (const TensorView& tensor : batch.tensors) {
    uint8_t length[8];
    for (int i = 0; i < 8; ++i) {
      length[i] = static_cast<uint8_t>(tensor.bytes.size() >> (8 * i));
    }
    XXH3_64bits_update(&state, length, sizeof(length));
    XXH3_64bits_update(&state, tensor.bytes.data(), tensor.bytes.size());
  }
  return XXH3_64bits_digest(&state);
}

absl::StatusOr<std::string> OrdinalWords(const ReceivedBatch& batch) {
  const TensorView* ordinals = batch.Find("ordinal");
  if (ordinals == nullptr || ordinals->dtype != v1::INT64) {
    return absl::InternalError(
        absl::StrCat("step ", batch.step, " has no ordinals to log"));
  }
  // Of a mixture.
  const TensorView* datasets = batch.Find("dataset_index");
  if (datasets != nullptr &&
      (datasets->dtype != v1::INT64 ||
       datasets->bytes.size() != ordinals->bytes.size())) {
    return absl::InternalError(absl::StrCat(
        "step ", batch.step, " does not say whose its ordinals are"));
  }
  std::string words;
  const absl::Span<const int64_t> values = ordinals->values<int64_t>();
  for (size_t i = 0; i < values.size(); ++i) {
    words.push_back(' ');
    if (datasets != nullptr && values[i] >= 0) {
      absl::StrAppend(&words, datasets->values<int64_t>()[i], ":");
    }
    absl::StrAppend(&words, values[i]);
  }
  return words;
}

AuditLog::AuditLog(LineFile file, std::string stream)
    : file_(std::move(file)), stream_(std::move(stream)) {}

absl::StatusOr<AuditLog> AuditLog::Start(const std::string& path,
                                         const v1::StreamOpened& opened,
                                         uint32_t rank, uint32_t world_size,
                                         uint64_t start_step) {
  MILLRACE_ASSIGN_OR_RETURN(LineFile file, LineFile::Open(path));
  AuditLog log(std::move(file), NewStreamNumber());
  MILLRACE_RETURN_IF_ERROR(log.file_.Append(absl::StrCat(
      log.stream_, " open ", kAuditVersion, " ",
      absl::ToUnixMicros(absl::Now()), " ", rank, " ", world_size, " ",
      start_step, " ", opened.steps_per_epoch(), " ",
      opened.positions_per_epoch(), " ", opened.plan().batch().size(), " ",
      Hex(opened.plan_digest()), " ",
      absl::WebSafeBase64Escape(opened.plan().SerializeAsString()), "\n")));
  return log;
}

absl::Status AuditLog::Add(const ReceivedBatch& batch) {
  MILLRACE_ASSIGN_OR_RETURN(const std::string ordinals, OrdinalWords(batch));
  return file_.Append(absl::StrCat(stream_, " step ", batch.epoch, " ",
                                   batch.step, " ", Hex(TensorDigest(batch)),
                                   ordinals, "\n"));
}

}  // namespace millrace::client
