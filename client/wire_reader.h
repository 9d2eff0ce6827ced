// Reads the protobuf wire format (protobuf.dev, "Encoding") from bytes that lie
// in several pieces, as a network hands them over. Nothing is copied until
// asked for, and nothing is read out of bounds, whatever the bytes say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace millrace::client {

// A forward cursor over a range of the pieces, which must outlive it. Copying
// it is cheap and makes a bookmark.
class WireReader {
 public:
  WireReader() = default;
  explicit WireReader(absl::Span<const absl::string_view> pieces);

  uint64_t remaining() const { return remaining_; }

  // INVALID_ARGUMENT if the range ends inside the number or it has more than
  // 64 bits.
  absl::StatusOr<uint64_t> ReadVarint();

  // Little-endian; `width` is 4 or 8. INVALID_ARGUMENT if the range is shorter.
  absl::StatusOr<uint64_t> ReadFixed(size_t width);

  // A reader of the next `size` bytes, which this one skips. INVALID_ARGUMENT
  // if the range is shorter.
  absl::StatusOr<WireReader> Take(uint64_t size);

  // Copies the whole remaining range to `out`; does not advance.
  void CopyTo(uint8_t* out) const;
  std::string ToString() const;

 private:
  uint8_t ReadByte();  // remaining_ > 0
  void Advance(uint64_t size);

  absl::Span<const absl::string_view> pieces_;
  size_t piece_ = 0;
  size_t offset_ = 0;  // In pieces_[piece_].
  uint64_t remaining_ = 0;
};

// The value of wire types 0, 1 and 5 is in `value`, that of 2 in `bytes`.
struct WireField {
  enum Type : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

  uint32_t number = 0;
  uint32_t type = kVarint;
  uint64_t value = 0;
  WireReader bytes;
};

// The next field of a message; `reader` must not be at its end.
// INVALID_ARGUMENT for what is no field (groups included: proto3 has none).
absl::StatusOr<WireField> ReadField(WireReader* reader);

}  // namespace millrace::client
