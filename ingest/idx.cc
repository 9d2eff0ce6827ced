#include "ingest/idx.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "ingest/gunzip.h"

namespace millrace {
namespace {

constexpr uint8_t kUnsignedByte = 8;

absl::StatusOr<bool> BeginsAsGzip(const ByteSource& source) {
  std::array<char, 2> magic = {};
  if (source.size() < magic.size()) return false;
  MILLRACE_RETURN_IF_ERROR(source.ReadAt(0, magic.size(), magic.data()));
  return IsGzip({magic.data(), magic.size()});
}

absl::StatusOr<std::shared_ptr<const ByteSource>> Unpack(
    const ByteSource& packed) {
  absl::StatusOr<std::string> bytes =
      ReadAll(packed, IdxFile::kMaxUnpackedBytes);
  if (bytes.ok()) bytes = Gunzip(*bytes, IdxFile::kMaxUnpackedBytes);
  if (absl::IsResourceExhausted(bytes.status())) {
    return absl::ResourceExhaustedError(
        absl::StrCat(bytes.status().message(), "; gunzip it first"));
  }
  MILLRACE_RETURN_IF_ERROR(bytes.status());
  return FromMemory(*std::move(bytes));
}

uint32_t BigEndian32(const char* bytes) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | uint8_t(bytes[i]);
  return value;
}

absl::Status CheckMagic(const std::array<char, 4>& magic, size_t dimensions) {
  if (magic[0] != 0 || magic[1] != 0) {
    return absl::InvalidArgumentError(
        "not an IDX file: it does not begin with two zero bytes");
  }
  if (uint8_t(magic[2]) != kUnsignedByte) {
    return absl::InvalidArgumentError(
        absl::StrCat("IDX values of type ", int{uint8_t(magic[2])},
                     "; only 8, unsigned byte, is read"));
  }
  if (uint8_t(magic[3]) != dimensions) {
    return absl::InvalidArgumentError(absl::StrCat(
        "IDX with ", int{uint8_t(magic[3])}, " dimensions instead of ",
        dimensions, " (images have 3, labels 1; are the two files swapped?)"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<IdxFile> IdxFile::Open(std::shared_ptr<const ByteSource> source,
                                      size_t dimensions, uint64_t held_bytes) {
  MILLRACE_ASSIGN_OR_RETURN(const bool packed, BeginsAsGzip(*source));
  if (!packed) return Parse(std::move(source), dimensions);
  MILLRACE_ASSIGN_OR_RETURN(const uint64_t claimed, ClaimedBytes(*source));
  if (claimed > held_bytes && claimed <= kMaxUnpackedBytes) {
    absl::StatusOr<IdxFile> file =
        Parse(UnpackAsRead(source, claimed, kMaxUnpackedBytes), dimensions);
    if (file.ok()) return file;
  }
  // Also those of several members, and what is wrong with the others.
  MILLRACE_ASSIGN_OR_RETURN(auto bytes, Unpack(*source));
  return Parse(std::move(bytes), dimensions);
}

absl::StatusOr<IdxFile> IdxFile::Parse(std::shared_ptr<const ByteSource> source,
                                       size_t dimensions) {
  IdxFile file;
  file.source_ = std::move(source);
  const ByteSource& bytes = *file.source_;
  file.header_bytes_ = 4 + 4 * dimensions;

  std::array<char, 4> magic = {};
  if (bytes.size() < magic.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("not an IDX file: it has ", bytes.size(), " bytes"));
  }
  MILLRACE_RETURN_IF_ERROR(bytes.ReadAt(0, magic.size(), magic.data()));
  MILLRACE_RETURN_IF_ERROR(CheckMagic(magic, dimensions));
  if (bytes.size() < file.header_bytes_) {
    return absl::InvalidArgumentError(
        absl::StrCat("the IDX header takes ", file.header_bytes_,
                     " bytes, the file has ", bytes.size()));
  }

  std::string sizes(4 * dimensions, '\0');
  MILLRACE_RETURN_IF_ERROR(
      bytes.ReadAt(magic.size(), sizes.size(), sizes.data()));
  const uint64_t there = bytes.size() - file.header_bytes_;
  for (size_t i = 0; i < dimensions; ++i) {
    file.sizes_.push_back(BigEndian32(sizes.data() + 4 * i));
  }
  // 96 bits at most, for three dimensions: hence the wider type.
  unsigned __int128 claimed = 1;
  for (const uint32_t size : file.sizes_) claimed *= size;
  for (size_t i = 1; i < dimensions; ++i) file.item_bytes_ *= file.sizes_[i];
  if (claimed != there) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the header says ", absl::StrJoin(file.sizes_, "x"),
        file.item_bytes_ == 0
            ? ""
            : absl::StrCat(", which is ", file.sizes_[0], " items of ",
                           file.item_bytes_, " bytes"),
        "; but there are ", there, " bytes",
        file.item_bytes_ == 0
            ? ""
            : absl::StrCat(", which is ", there / file.item_bytes_,
                           " whole items and ", there % file.item_bytes_,
                           " bytes")));
  }
  return file;
}

absl::Status IdxFile::ReadItems(uint64_t first, uint64_t count,
                                char* out) const {
  return source_->ReadAt(header_bytes_ + first * item_bytes_,
                         count * item_bytes_, out);
}

}  // namespace millrace
