#include "storage/info_file.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/unknown_field_set.h>
#include <xxhash.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/status_macros.h"
#include "storage/coding.h"
#include "storage/files.h"
#include "storage/layout.h"

namespace millrace {

namespace {

constexpr uint32_t kMagic = 0x7344524d;  // "MRDs"
constexpr size_t kVersionAt = 4;
constexpr size_t kChecksumAt = 8;
constexpr size_t kHeaderBytes = 16;
// Stored as a field that DatasetInfo does not have, so that neither the info in
// memory nor what servers send of it holds the list.
constexpr int kQuarantinedField = 100;
// WordNet as a whole is 10 MB; this is a bound on nonsense.
constexpr size_t kMaxBytes = size_t{256} << 20;

std::string PathIn(const std::string& directory) {
  return absl::StrCat(directory, "/", kInfoFileName);
}

// The format version is the seed, so that a flipped bit in it is found.
uint64_t ChecksumOf(absl::string_view file) {
  return XXH3_64bits_withSeed(
      file.data() + kHeaderBytes, file.size() - kHeaderBytes,
      LoadLittleEndian<uint32_t>(file.data() + kVersionAt));
}

std::string Serialise(const v1::DatasetInfo& info) {
  std::string bytes(kHeaderBytes, '\0');
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    info.SerializeToCodedStream(&coded);
  }
  StoreLittleEndian(kMagic, bytes.data());
  StoreLittleEndian(kFormatVersion, bytes.data() + kVersionAt);
  StoreLittleEndian(ChecksumOf(bytes), bytes.data() + kChecksumAt);
  return bytes;
}

absl::Status CheckHeader(absl::string_view bytes, const std::string& path) {
  if (bytes.size() < kHeaderBytes ||
      LoadLittleEndian<uint32_t>(bytes.data()) != kMagic) {
    return absl::DataLossError(
        absl::StrCat(path, " does not describe a dataset"));
  }
  if (LoadLittleEndian<uint64_t>(bytes.data() + kChecksumAt) !=
      ChecksumOf(bytes)) {
    return absl::DataLossError(absl::StrCat(
        path,
        " is damaged: its checksum does not match; restore it from "
        "a copy, or ingest the dataset again"));
  }
  const auto version = LoadLittleEndian<uint32_t>(bytes.data() + kVersionAt);
  if (version != kFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " has storage format ", version, "; this program reads format ",
        kFormatVersion, ": use a newer millrace"));
  }
  return absl::OkStatus();
}

// The file, checked but for what follows the header.
absl::StatusOr<std::string> ReadChecked(const std::string& directory,
                                        const std::string& shown_directory) {
  const std::string shown = PathIn(shown_directory);
  absl::StatusOr<std::string> bytes = ReadFile(PathIn(directory), kMaxBytes);
  if (absl::IsNotFound(bytes.status()) && Exists(directory)) {
    return absl::DataLossError(absl::StrCat(shown, " is missing"));
  }
  if (!bytes.ok()) {
    return absl::Status(bytes.status().code(),
                        absl::StrReplaceAll(bytes.status().message(),
                                            {{directory, shown_directory}}));
  }
  MILLRACE_RETURN_IF_ERROR(CheckHeader(*bytes, shown));
  return bytes;
}

// The info, with the quarantine list in its unknown fields.
absl::StatusOr<v1::DatasetInfo> ReadAll(const std::string& directory,
                                        const std::string& shown_directory) {
  MILLRACE_ASSIGN_OR_RETURN(const std::string bytes,
                            ReadChecked(directory, shown_directory));
  v1::DatasetInfo info;
  if (!info.ParseFromArray(bytes.data() + kHeaderBytes,
                           static_cast<int>(bytes.size() - kHeaderBytes))) {
    return absl::DataLossError(
        absl::StrCat(PathIn(shown_directory), " is not a DatasetInfo"));
  }
  return info;
}

}  // namespace

absl::Status WriteInfoFile(const std::string& directory,
                           const v1::DatasetInfo& info,
                           const std::vector<v1::Quarantined>& quarantined) {
  v1::DatasetInfo stored = info;
  stored.clear_name();
  google::protobuf::UnknownFieldSet* fields =
      stored.GetReflection()->MutableUnknownFields(&stored);
  for (const v1::Quarantined& entry : quarantined) {
    fields->AddLengthDelimited(kQuarantinedField, entry.SerializeAsString());
  }
  const std::string bytes = Serialise(stored);
  if (bytes.size() > kMaxBytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the description of the dataset and its ", quarantined.size(),
        " quarantined entries have ", bytes.size(), " bytes; at most ",
        kMaxBytes, " can be kept"));
  }
  return WriteFile(PathIn(directory), bytes);
}

absl::StatusOr<v1::DatasetInfo> ReadInfoFile(
    const std::string& directory, const std::string& shown_directory) {
  MILLRACE_ASSIGN_OR_RETURN(v1::DatasetInfo info,
                            ReadAll(directory, shown_directory));
  info.DiscardUnknownFields();
  return info;
}

absl::StatusOr<std::vector<v1::Quarantined>> ReadQuarantineList(
    const std::string& directory) {
  MILLRACE_ASSIGN_OR_RETURN(const v1::DatasetInfo info,
                            ReadAll(directory, directory));
  const google::protobuf::UnknownFieldSet& fields =
      info.GetReflection()->GetUnknownFields(info);
  std::vector<v1::Quarantined> quarantined;
  for (int i = 0; i < fields.field_count(); ++i) {
    const google::protobuf::UnknownField& field = fields.field(i);
    if (field.number() != kQuarantinedField) continue;
    if (field.type() != google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED ||
        !quarantined.emplace_back().ParseFromString(field.length_delimited())) {
      return absl::DataLossError(
          absl::StrCat(PathIn(directory), ": a quarantine entry is damaged"));
    }
  }
  return quarantined;
}

}  // namespace millrace
