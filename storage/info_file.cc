#include "storage/info_file.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
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
    return absl::DataLossError(
        absl::StrCat(path, " is damaged: its checksum does not match"));
  }
  const auto version = LoadLittleEndian<uint32_t>(bytes.data() + kVersionAt);
  if (version != kFormatVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " has storage format ", version, "; this program reads format ",
        kFormatVersion, ": use a newer millrace"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteInfoFile(const std::string& directory,
                           const v1::DatasetInfo& info) {
  v1::DatasetInfo nameless = info;
  nameless.clear_name();
  return WriteFile(PathIn(directory), Serialise(nameless));
}

absl::StatusOr<v1::DatasetInfo> ReadInfoFile(
    const std::string& directory, const std::string& shown_directory) {
  const std::string shown = PathIn(shown_directory);
  const absl::StatusOr<std::string> bytes =
      ReadFile(PathIn(directory), kMaxBytes);
  if (absl::IsNotFound(bytes.status()) && Exists(directory)) {
    return absl::DataLossError(absl::StrCat(shown, " is missing"));
  }
  if (!bytes.ok()) {
    return absl::Status(bytes.status().code(),
                        absl::StrReplaceAll(bytes.status().message(),
                                            {{directory, shown_directory}}));
  }
  MILLRACE_RETURN_IF_ERROR(CheckHeader(*bytes, shown));
  v1::DatasetInfo info;
  if (!info.ParseFromArray(bytes->data() + kHeaderBytes,
                           static_cast<int>(bytes->size() - kHeaderBytes))) {
    return absl::DataLossError(absl::StrCat(shown, " is not a DatasetInfo"));
  }
  return info;
}

}  // namespace millrace
