#include "storage/record.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <xxhash.h>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "storage/coding.h"

namespace millrace {

namespace {

constexpr uint32_t kMagic = 0x6365524d;  // "MRec"
// Offsets in the header.
constexpr size_t kVersionAt = 4;
constexpr size_t kFlagsAt = 6;
constexpr size_t kChecksumAt = 8;
constexpr size_t kOrdinalAt = 16;
// Offsets in the body.
constexpr size_t kMetaLengthAt = 0;
constexpr size_t kDecodeRecordLengthAt = 4;
constexpr size_t kImageLengthAt = 8;

// Version and flags are the seed, so that a flipped bit in them is found.
uint64_t ChecksumOf(absl::string_view record) {
  return XXH3_64bits_withSeed(
      record.data() + kOrdinalAt, record.size() - kOrdinalAt,
      LoadLittleEndian<uint32_t>(record.data() + kVersionAt));
}

uint32_t DecodeRecordBytes(absl::string_view body) {
  return LoadLittleEndian<uint32_t>(body.data() + kDecodeRecordLengthAt);
}

// As its body asks for.
uint16_t VersionOf(absl::string_view record) {
  return DecodeRecordBytes(RecordBody(record)) == 0 ? kPlainRecordVersion
                                                    : kRecordVersion;
}

// `size` is meta.ByteSizeLong(), just called.
void SerialiseDeterministic(const v1::SampleMeta& meta, size_t size,
                            char* out) {
  google::protobuf::io::ArrayOutputStream stream(out, static_cast<int>(size));
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  meta.SerializeWithCachedSizes(&coded);
}

absl::Status CheckHeader(absl::string_view record, uint64_t ordinal) {
  if (record.size() < kRecordHeaderBytes + kRecordLengthsBytes) {
    return absl::DataLossError(
        absl::StrCat("the record is cut off after ", record.size(), " bytes"));
  }
  const char* header = record.data();
  if (LoadLittleEndian<uint32_t>(header) != kMagic) {
    return absl::DataLossError("this is not a record: wrong magic number");
  }
  // Before version and flags: a flipped bit there is damage, not news.
  if (LoadLittleEndian<uint64_t>(header + kChecksumAt) != ChecksumOf(record)) {
    return absl::DataLossError("the record's checksum does not match");
  }
  const auto version = LoadLittleEndian<uint16_t>(header + kVersionAt);
  const auto flags = LoadLittleEndian<uint16_t>(header + kFlagsAt);
  if (version < kPlainRecordVersion || version > kRecordVersion || flags != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("the record has version ", version, " and flags ", flags,
                     "; this program reads versions up to ", kRecordVersion,
                     " without flags"));
  }
  const auto stored = LoadLittleEndian<uint64_t>(header + kOrdinalAt);
  if (stored != ordinal) {
    return absl::DataLossError(
        absl::StrCat("the record belongs to sample ", stored));
  }
  return absl::OkStatus();
}

}  // namespace

std::string MakeRecord(const v1::SampleMeta& meta, absl::string_view image,
                       absl::string_view decode_record) {
  std::string record;
  AppendRecord(meta, image, decode_record, &record);
  return record;
}

void AppendRecord(const v1::SampleMeta& meta, absl::string_view image,
                  absl::string_view decode_record, std::string* out) {
  const size_t meta_bytes = meta.ByteSizeLong();
  const size_t prefix_bytes = kRecordHeaderBytes + kRecordLengthsBytes;
  const size_t begin = out->size();
  const size_t bytes =
      prefix_bytes + meta_bytes + decode_record.size() + image.size();
  if (out->capacity() - begin < bytes) out->reserve(begin + bytes);
  out->resize(begin + prefix_bytes + meta_bytes);
  char* lengths = out->data() + begin + kRecordHeaderBytes;
  StoreLittleEndian(static_cast<uint32_t>(meta_bytes), lengths + kMetaLengthAt);
  StoreLittleEndian(static_cast<uint32_t>(decode_record.size()),
                    lengths + kDecodeRecordLengthAt);
  StoreLittleEndian(uint64_t{image.size()}, lengths + kImageLengthAt);
  SerialiseDeterministic(meta, meta_bytes, lengths + kRecordLengthsBytes);
  out->append(decode_record.data(), decode_record.size());
  out->append(image.data(), image.size());
}

void SealRecord(uint64_t ordinal, char* record, size_t size) {
  const absl::string_view whole(record, size);
  StoreLittleEndian(kMagic, record);
  StoreLittleEndian(VersionOf(whole), record + kVersionAt);
  StoreLittleEndian(uint16_t{0}, record + kFlagsAt);
  StoreLittleEndian(ordinal, record + kOrdinalAt);
  StoreLittleEndian(ChecksumOf(whole), record + kChecksumAt);
}

void SealRecord(uint64_t ordinal, std::string* record) {
  SealRecord(ordinal, record->data(), record->size());
}

absl::string_view RecordBody(absl::string_view record) {
  return record.substr(kRecordHeaderBytes);
}

absl::StatusOr<RecordView> OpenRecord(absl::string_view record,
                                      uint64_t ordinal) {
  MILLRACE_RETURN_IF_ERROR(CheckHeader(record, ordinal));
  RecordView view;
  view.body = RecordBody(record);
  const char* lengths = view.body.data();
  const uint64_t meta_bytes =
      LoadLittleEndian<uint32_t>(lengths + kMetaLengthAt);
  const uint64_t decode_record_bytes = DecodeRecordBytes(view.body);
  const uint64_t image_bytes =
      LoadLittleEndian<uint64_t>(lengths + kImageLengthAt);
  const uint64_t content_bytes = view.body.size() - kRecordLengthsBytes;
  const auto version = LoadLittleEndian<uint16_t>(record.data() + kVersionAt);
  if (version != VersionOf(record) || image_bytes > content_bytes ||
      meta_bytes + decode_record_bytes != content_bytes - image_bytes) {
    return absl::DataLossError("the record's lengths do not add up");
  }
  view.meta = view.body.substr(kRecordLengthsBytes, meta_bytes);
  view.decode_record =
      view.body.substr(kRecordLengthsBytes + meta_bytes, decode_record_bytes);
  view.image = view.body.substr(view.body.size() - image_bytes);
  return view;
}

}  // namespace millrace
