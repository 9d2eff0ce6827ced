// IDX: the file format of MNIST.
//
//   0 0 TYPE NDIM | NDIM big-endian 32-bit sizes | the numbers, row-major
//
// Source: "THE IDX FILE FORMAT" on the page of the MNIST database. Only TYPE 8
// (unsigned byte) is read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ingest/bytes.h"

namespace millrace {

// Thread-safe.
class IdxFile {
 public:
  // `source` may be gzip, told by its content. `dimensions` is what the file
  // must have. INVALID_ARGUMENT: not IDX, another type or number of dimensions,
  // or sizes that do not agree with the bytes there are (both numbers are
  // named). RESOURCE_EXHAUSTED: gzip of more than kMaxUnpackedBytes.
  //
  // gzip that unpacks to more than `held_bytes` is unpacked as it is read:
  // items should be read in order then, and damage may be found out only with
  // the last.
  static absl::StatusOr<IdxFile> Open(std::shared_ptr<const ByteSource> source,
                                      size_t dimensions,
                                      uint64_t held_bytes = kHeldBytes);

  static constexpr uint64_t kMaxUnpackedBytes = uint64_t{256} << 20;
  static constexpr uint64_t kHeldBytes = uint64_t{1} << 20;

  // The first is the number of items.
  const std::vector<uint32_t>& sizes() const { return sizes_; }
  uint64_t item_bytes() const { return item_bytes_; }

  // DATA_LOSS if the file changed underneath.
  absl::Status ReadItems(uint64_t first, uint64_t count, char* out) const;
  // Asked when a read failed. An error: the whole file is no good.
  absl::Status Check() const { return source_->Check(); }

 private:
  static absl::StatusOr<IdxFile> Parse(std::shared_ptr<const ByteSource> source,
                                       size_t dimensions);

  IdxFile() = default;

  std::shared_ptr<const ByteSource> source_;
  std::vector<uint32_t> sizes_;
  uint64_t header_bytes_ = 0;
  uint64_t item_bytes_ = 1;
};

}  // namespace millrace
