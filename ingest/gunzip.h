// gzip (RFC 1952) to bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ingest/bytes.h"

namespace millrace {

// Whether the bytes begin as gzip does.
bool IsGzip(absl::string_view bytes);

// Unpacks all members. INVALID_ARGUMENT: damaged, cut short, or followed by
// something else. RESOURCE_EXHAUSTED: more than `max_bytes` come out; no more
// than that is ever allocated, whatever the ratio.
absl::StatusOr<std::string> Gunzip(absl::string_view packed,
                                   uint64_t max_bytes);

// The size that a gzip file says it has unpacked, if it has one member: its
// last four bytes, as far as deflate could pack so much.
absl::StatusOr<uint64_t> ClaimedBytes(const ByteSource& packed);

// A gzip file of one member, unpacked as it is read: nothing is held of it.
// Reads should be in order; one of what is behind begins at the front again.
// `size` is what it must unpack to. Otherwise, or if it is damaged, some read
// fails, the one of its last byte at the latest, and so does Check: as Gunzip
// does with `max_bytes`.
std::shared_ptr<const ByteSource> UnpackAsRead(
    std::shared_ptr<const ByteSource> packed, uint64_t size,
    uint64_t max_bytes);

}  // namespace millrace
