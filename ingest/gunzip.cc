#include "ingest/gunzip.h"

#include <isa-l/igzip_lib.h>
#include <zlib.h>

#include <algorithm>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/status_macros.h"

namespace millrace {
namespace {

constexpr uint64_t kLeastBytes = 4096;
// The most that deflate can pack into a byte.
constexpr uint64_t kMaxRatio = 1032;
// That are read, or skipped, at a time.
constexpr uint64_t kPieceBytes = 128 << 10;
constexpr size_t kMaxPieceBytes = size_t{1} << 30;

// What the last four bytes claim, as far as it is possible.
uint64_t ClaimOf(absl::string_view last_bytes, uint64_t packed_bytes) {
  uint64_t claim = 0;
  for (size_t i = 0; i < std::min<size_t>(4, last_bytes.size()); ++i) {
    claim = claim << 8 |
            static_cast<uint8_t>(last_bytes[last_bytes.size() - 1 - i]);
  }
  return std::min<uint64_t>(claim, packed_bytes * kMaxRatio);
}

absl::Status TooLarge(uint64_t max_bytes) {
  return absl::ResourceExhaustedError(
      absl::StrCat("unpacks to more than ", max_bytes, " bytes"));
}

// All that is needed of a stream that has one member.
class UnpackedBytes final : public ByteSource {
 public:
  UnpackedBytes(std::shared_ptr<const ByteSource> packed, uint64_t size,
                uint64_t max_bytes)
      : packed_(std::move(packed)), size_(size), max_bytes_(max_bytes) {
    Rewind();
  }

  uint64_t size() const override { return size_; }

  absl::Status ReadAt(uint64_t offset, size_t size, char* out) const override {
    if (offset > size_ || size > size_ - offset) {
      return absl::DataLossError("read past the end");
    }
    MutexLock lock(&mutex_);
    if (!failure_.ok()) return failure_;
    if (offset < position_) Rewind();
    failure_ = SkipTo(offset);
    if (failure_.ok()) failure_ = Unpack(size, out);
    if (failure_.ok() && position_ == size_) failure_ = CheckEnd();
    return failure_;
  }

  absl::Status Check() const override {
    MutexLock lock(&mutex_);
    return failure_;
  }

 private:
  void Rewind() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    isal_inflate_init(stream_.get());
    stream_->crc_flag = ISAL_GZIP;
    fetched_ = 0;
    position_ = 0;
  }

  absl::Status SkipTo(uint64_t offset) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::string skipped;
    while (position_ < offset) {
      skipped.resize(std::min<uint64_t>(kPieceBytes, offset - position_));
      MILLRACE_RETURN_IF_ERROR(Unpack(skipped.size(), skipped.data()));
    }
    return absl::OkStatus();
  }

  // The next `size` bytes.
  absl::Status Unpack(size_t size, char* out) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    while (size > 0) {
      const size_t piece = std::min(size, kMaxPieceBytes);
      MILLRACE_ASSIGN_OR_RETURN(const size_t got, UnpackSome(piece, out));
      if (got == 0) return Reason();
      position_ += got;
      out += got;
      size -= got;
    }
    return absl::OkStatus();
  }

  // Nothing follows, and the checksum is right.
  absl::Status CheckEnd() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    char more = 0;
    MILLRACE_ASSIGN_OR_RETURN(const size_t got, UnpackSome(1, &more));
    if (got == 0 && stream_->block_state == ISAL_BLOCK_FINISH &&
        stream_->avail_in == 0 && fetched_ == packed_->size()) {
      return absl::OkStatus();
    }
    return Reason();
  }

  // 0: there is no more.
  absl::StatusOr<size_t> UnpackSome(size_t size, char* out) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    stream_->next_out = reinterpret_cast<uint8_t*>(out);
    stream_->avail_out = static_cast<uint32_t>(size);
    while (stream_->avail_out == size &&
           stream_->block_state != ISAL_BLOCK_FINISH) {
      if (stream_->avail_in == 0) MILLRACE_RETURN_IF_ERROR(Fetch());
      const bool last = stream_->avail_in == 0;
      if (isal_inflate(stream_.get()) != ISAL_DECOMP_OK) return Reason();
      if (last) break;
    }
    return size - stream_->avail_out;
  }

  absl::Status Fetch() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const size_t size =
        std::min<uint64_t>(kPieceBytes, packed_->size() - fetched_);
    input_.resize(size);
    MILLRACE_RETURN_IF_ERROR(packed_->ReadAt(fetched_, size, input_.data()));
    stream_->next_in = reinterpret_cast<uint8_t*>(input_.data());
    stream_->avail_in = static_cast<uint32_t>(size);
    fetched_ += size;
    return absl::OkStatus();
  }

  // What is wrong, which Gunzip knows.
  absl::Status Reason() const {
    MILLRACE_ASSIGN_OR_RETURN(const std::string packed,
                              ReadAll(*packed_, max_bytes_));
    MILLRACE_ASSIGN_OR_RETURN(const std::string bytes,
                              Gunzip(packed, max_bytes_));
    return absl::InvalidArgumentError(
        absl::StrCat("the gzip data unpacks to ", bytes.size(), " bytes, not ",
                     size_, "; fetch the file again"));
  }

  const std::shared_ptr<const ByteSource> packed_;
  const uint64_t size_;
  const uint64_t max_bytes_;

  mutable Mutex mutex_;
  const std::unique_ptr<inflate_state> stream_ =
      std::make_unique<inflate_state>();
  mutable std::string input_ ABSL_GUARDED_BY(mutex_);
  // Of the packed bytes, and of the others.
  mutable uint64_t fetched_ ABSL_GUARDED_BY(mutex_) = 0;
  mutable uint64_t position_ ABSL_GUARDED_BY(mutex_) = 0;
  mutable absl::Status failure_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

bool IsGzip(absl::string_view bytes) {
  return bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b';
}

absl::StatusOr<std::string> Gunzip(absl::string_view packed,
                                   uint64_t max_bytes) {
  z_stream stream = {};
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) {
    return absl::ResourceExhaustedError("no memory to unpack gzip");
  }
  const absl::Cleanup end = [&] { inflateEnd(&stream); };

  std::string out;
  // One byte more than allowed, to tell "just fits" from "too large".
  out.resize(std::min(std::max(kLeastBytes, ClaimOf(packed, packed.size()) + 1),
                      max_bytes + 1));
  size_t used = 0;
  int result = Z_OK;
  while (true) {
    if (used == out.size()) {
      out.resize(std::min<uint64_t>(uint64_t{2} * used, max_bytes + 1));
      if (used == out.size()) return TooLarge(max_bytes);
    }
    const uint64_t consumed = stream.total_in;
    const size_t in = std::min<size_t>(packed.size(), size_t{1} << 30);
    const size_t room = std::min<size_t>(out.size() - used, size_t{1} << 30);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(in);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
    stream.avail_out = static_cast<uInt>(room);
    result = inflate(&stream, Z_NO_FLUSH);
    used += room - stream.avail_out;
    packed.remove_prefix(stream.total_in - consumed);
    if (result == Z_STREAM_END) {
      if (packed.empty()) break;
      if (!IsGzip(packed)) {
        return absl::InvalidArgumentError(absl::StrCat(
            packed.size(), " bytes follow the end of the gzip data"));
      }
      inflateReset(&stream);
    } else if (result == Z_BUF_ERROR ||
               (result == Z_OK && packed.empty() && stream.avail_out > 0)) {
      return absl::InvalidArgumentError(
          "the gzip data is cut short; fetch the file again");
    } else if (result != Z_OK) {
      return absl::InvalidArgumentError(
          absl::StrCat("damaged gzip data (",
                       stream.msg != nullptr ? stream.msg : "unknown error",
                       "); fetch the file again"));
    }
  }
  if (used > max_bytes) return TooLarge(max_bytes);
  out.resize(used);
  return out;
}

absl::StatusOr<uint64_t> ClaimedBytes(const ByteSource& packed) {
  std::string last(std::min<uint64_t>(4, packed.size()), '\0');
  MILLRACE_RETURN_IF_ERROR(
      packed.ReadAt(packed.size() - last.size(), last.size(), last.data()));
  return ClaimOf(last, packed.size());
}

std::shared_ptr<const ByteSource> UnpackAsRead(
    std::shared_ptr<const ByteSource> packed, uint64_t size,
    uint64_t max_bytes) {
  return std::make_shared<UnpackedBytes>(std::move(packed), size, max_bytes);
}

}  // namespace millrace
