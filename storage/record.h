// A record: one sample as a shard holds it. docs/storage_format.md has it to
// the byte.
//
//   header (24 bytes: magic, version, flags, checksum, ordinal)
//   body   (lengths, metadata, decode record, image): what a dataset's version
//          digests
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "millrace/v1/sample.pb.h"

namespace millrace {

inline constexpr size_t kRecordHeaderBytes = 24;
inline constexpr size_t kRecordLengthsBytes = 16;
// Of records without and with a decode record. A reader knows both.
inline constexpr uint16_t kPlainRecordVersion = 1;
inline constexpr uint16_t kRecordVersion = 2;

// A record whose header is still blank, since its ordinal is not known yet.
// `decode_record` may be empty.
std::string MakeRecord(const v1::SampleMeta& meta, absl::string_view image,
                       absl::string_view decode_record = "");

// The same behind what is in *out.
void AppendRecord(const v1::SampleMeta& meta, absl::string_view image,
                  absl::string_view decode_record, std::string* out);

// Fills in the header of the `size` bytes that MakeRecord made.
void SealRecord(uint64_t ordinal, char* record, size_t size);
void SealRecord(uint64_t ordinal, std::string* record);

// All but the header. `record` must be at least a header long.
absl::string_view RecordBody(absl::string_view record);

// Views into a record.
struct RecordView {
  absl::string_view meta;
  // Empty in version 1.
  absl::string_view decode_record;
  absl::string_view image;
  absl::string_view body;
};

// Checks everything but the metadata's own encoding. DATA_LOSS: these are not
// the bytes written for this ordinal. FAILED_PRECONDITION: a version or flag
// that this program does not know.
absl::StatusOr<RecordView> OpenRecord(absl::string_view record,
                                      uint64_t ordinal);

}  // namespace millrace
