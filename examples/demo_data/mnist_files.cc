#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "examples/demo_data/demo_data.h"
#include "examples/demo_data/digits.h"
#include "examples/demo_data/files.h"
#include "examples/demo_data/random.h"

namespace millrace::demo {
namespace {

constexpr uint32_t kImagesMagic = 0x803;
constexpr uint32_t kLabelsMagic = 0x801;

void AppendBigEndian(uint32_t value, std::string* bytes) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes->push_back(static_cast<char>(value >> shift));
  }
}

// A gzip member without a time, so that the same digits give the same file.
absl::StatusOr<std::string> Gzip(const std::string& bytes) {
  constexpr int kGzipWindow = 15 + 16;
  z_stream stream;
  std::memset(&stream, 0, sizeof(stream));
  if (deflateInit2(&stream, 6, Z_DEFLATED, kGzipWindow, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return absl::ResourceExhaustedError("no memory to compress with");
  }
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int result = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) return absl::InternalError("deflate failed");
  return packed;
}

absl::Status WriteGzip(const std::string& path, const std::string& bytes) {
  MILLRACE_ASSIGN_OR_RETURN(const std::string packed, Gzip(bytes));
  return WriteFile(path, packed);
}

absl::Status DrawSplit(const std::string& folder, const std::string& split,
                       int count, Random* random) {
  std::string images, labels;
  AppendBigEndian(kImagesMagic, &images);
  AppendBigEndian(count, &images);
  AppendBigEndian(kDigitSide, &images);
  AppendBigEndian(kDigitSide, &images);
  AppendBigEndian(kLabelsMagic, &labels);
  AppendBigEndian(count, &labels);
  for (int i = 0; i < count; ++i) {
    const int digit = random->Below(10);
    const DigitPixels pixels = DrawDigit(digit, random);
    images.append(pixels.begin(), pixels.end());
    labels.push_back(static_cast<char>(digit));
  }
  const std::string base = absl::StrCat(folder, "/", split);
  MILLRACE_RETURN_IF_ERROR(WriteGzip(base + "-images-idx3-ubyte.gz", images));
  return WriteGzip(base + "-labels-idx1-ubyte.gz", labels);
}

}  // namespace

absl::Status DrawMnist(const std::string& out, int digits, uint64_t seed) {
  const std::string folder = out + "/mnist";
  Random train(seed, 1), test(seed, 2);
  MILLRACE_RETURN_IF_ERROR(DrawSplit(folder, "train", digits, &train));
  return DrawSplit(folder, "t10k", std::max(1, digits / 6), &test);
}

}  // namespace millrace::demo
