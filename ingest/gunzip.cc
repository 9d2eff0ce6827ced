#include "ingest/gunzip.h"

#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/huge_pages.h"

namespace millrace {
namespace {

constexpr uint64_t kLeastBytes = 4096;
// The most that deflate can pack into a byte.
constexpr uint64_t kMaxRatio = 1032;

// What the last four bytes claim, as far as it is possible.
uint64_t ClaimedBytes(absl::string_view packed) {
  uint64_t claim = 0;
  for (size_t i = 0; i < std::min<size_t>(4, packed.size()); ++i) {
    claim = claim << 8 | static_cast<uint8_t>(packed[packed.size() - 1 - i]);
  }
  return std::min<uint64_t>(claim, packed.size() * kMaxRatio);
}

absl::Status TooLarge(uint64_t max_bytes) {
  return absl::ResourceExhaustedError(
      absl::StrCat("unpacks to more than ", max_bytes, " bytes"));
}

// One undamaged member of the claimed size, which is what files are. zlib has
// the word on everything else: libdeflate knows no members and no reasons.
std::optional<std::string> UnpackWhole(absl::string_view packed,
                                       uint64_t max_bytes) {
  const uint64_t claimed = ClaimedBytes(packed);
  if (claimed > max_bytes) return std::nullopt;
  const std::unique_ptr<libdeflate_decompressor,
                        decltype(&libdeflate_free_decompressor)>
      decompressor(libdeflate_alloc_decompressor(),
                   &libdeflate_free_decompressor);
  if (decompressor == nullptr) return std::nullopt;
  std::string out;
  out.reserve(claimed);
  AdviseHugePages(out.data(), claimed);
  out.resize(claimed);
  size_t consumed = 0;
  const libdeflate_result result = libdeflate_gzip_decompress_ex(
      decompressor.get(), packed.data(), packed.size(), out.data(), out.size(),
      &consumed, /*actual_out_nbytes_ret=*/nullptr);
  if (result != LIBDEFLATE_SUCCESS || consumed != packed.size()) {
    return std::nullopt;
  }
  return out;
}

}  // namespace

bool IsGzip(absl::string_view bytes) {
  return bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b';
}

absl::StatusOr<std::string> Gunzip(absl::string_view packed,
                                   uint64_t max_bytes) {
  if (std::optional<std::string> whole = UnpackWhole(packed, max_bytes)) {
    return *std::move(whole);
  }
  z_stream stream = {};
  constexpr int kGzipOnly = 16 + MAX_WBITS;
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) {
    return absl::ResourceExhaustedError("no memory to unpack gzip");
  }
  const absl::Cleanup end = [&] { inflateEnd(&stream); };

  std::string out;
  // One byte more than allowed, to tell "just fits" from "too large".
  out.resize(
      std::min(std::max(kLeastBytes, ClaimedBytes(packed) + 1), max_bytes + 1));
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

}  // namespace millrace
