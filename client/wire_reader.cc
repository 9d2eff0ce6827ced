#include "client/wire_reader.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/stream_copy.h"

namespace millrace::client {

namespace {

constexpr uint64_t kMaxTag = 0xffffffff;
// More than the cache that a core has for itself.
constexpr uint64_t kBeyondCaches = 2 << 20;

absl::Status Truncated(uint64_t wanted, uint64_t remaining) {
  return absl::InvalidArgumentError(absl::StrCat("truncated: ", wanted,
                                                 " bytes are announced, ",
                                                 remaining, " are there"));
}

}  // namespace

WireReader::WireReader(absl::Span<const absl::string_view> pieces)
    : pieces_(pieces) {
  for (const absl::string_view piece : pieces) remaining_ += piece.size();
}

uint8_t WireReader::ReadByte() {
  while (offset_ == pieces_[piece_].size()) {
    ++piece_;
    offset_ = 0;
  }
  --remaining_;
  return static_cast<uint8_t>(pieces_[piece_][offset_++]);
}

void WireReader::Advance(uint64_t size) {
  remaining_ -= size;
  while (size > 0) {
    const uint64_t here =
        std::min<uint64_t>(size, pieces_[piece_].size() - offset_);
    offset_ += here;
    size -= here;
    if (size > 0) {
      ++piece_;
      offset_ = 0;
    }
  }
}

absl::StatusOr<uint64_t> WireReader::ReadVarint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (remaining_ == 0) return Truncated(1, 0);
    const uint8_t byte = ReadByte();
    if (shift == 63 && byte > 1) break;
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
  return absl::InvalidArgumentError("a number of more than 64 bits");
}

absl::StatusOr<uint64_t> WireReader::ReadFixed(size_t width) {
  if (remaining_ < width) return Truncated(width, remaining_);
  uint64_t value = 0;
  for (size_t i = 0; i < width; ++i) value |= uint64_t{ReadByte()} << (8 * i);
  return value;
}

absl::StatusOr<WireReader> WireReader::Take(uint64_t size) {
  if (size > remaining_) return Truncated(size, remaining_);
  WireReader taken = *this;
  taken.remaining_ = size;
  Advance(size);
  return taken;
}

void WireReader::CopyTo(uint8_t* out) const {
  const bool large = remaining_ >= kBeyondCaches;
  size_t offset = offset_;
  uint64_t left = remaining_;
  for (size_t piece = piece_; left > 0; ++piece, offset = 0) {
    const absl::string_view bytes = pieces_[piece].substr(offset, left);
    if (large) {
      StreamCopy(out, bytes.data(), bytes.size());
    } else if (!bytes.empty()) {
      std::memcpy(out, bytes.data(), bytes.size());
    }
    out += bytes.size();
    left -= bytes.size();
  }
}

std::string WireReader::ToString() const {
  std::string bytes(remaining_, '\0');
  CopyTo(reinterpret_cast<uint8_t*>(bytes.data()));
  return bytes;
}

absl::StatusOr<WireField> ReadField(WireReader* reader) {
  MILLRACE_ASSIGN_OR_RETURN(const uint64_t tag, reader->ReadVarint());
  WireField field;
  field.number = static_cast<uint32_t>(tag >> 3);
  field.type = tag & 7;
  if (tag > kMaxTag || field.number == 0) {
    return absl::InvalidArgumentError(absl::StrCat("no field has tag ", tag));
  }
  switch (field.type) {
    case WireField::kVarint: {
      MILLRACE_ASSIGN_OR_RETURN(field.value, reader->ReadVarint());
      return field;
    }
    case WireField::kFixed64: {
      MILLRACE_ASSIGN_OR_RETURN(field.value, reader->ReadFixed(8));
      return field;
    }
    case WireField::kBytes: {
      MILLRACE_ASSIGN_OR_RETURN(const uint64_t size, reader->ReadVarint());
      MILLRACE_ASSIGN_OR_RETURN(field.bytes, reader->Take(size));
      return field;
    }
    case WireField::kFixed32: {
      MILLRACE_ASSIGN_OR_RETURN(field.value, reader->ReadFixed(4));
      return field;
    }
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("field ", field.number, " has wire type ", field.type));
  }
}

}  // namespace millrace::client
