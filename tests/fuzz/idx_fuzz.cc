// IDX files, plain and gzip: never a crash, never more than the limit.

#include <cstddef>
#include <cstdint>
#include <string>

#include "ingest/bytes.h"
#include "ingest/idx.h"

namespace {

absl::StatusOr<std::string> Read(const millrace::IdxFile& file, uint64_t first,
                                 uint64_t count) {
  std::string items(count * file.item_bytes(), '\0');
  const absl::Status read = file.ReadItems(first, count, items.data());
  if (!read.ok()) return read;
  return items;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  for (const size_t dimensions : {1, 3}) {
    const auto held =
        millrace::IdxFile::Open(millrace::FromMemory(bytes), dimensions);
    if (held.ok() && held->sizes()[0] > 0) {
      const uint32_t items = held->sizes()[0];
      const std::string last = Read(*held, items - 1, 1).value();
      const std::string all = Read(*held, 0, items).value();
      if (all.substr(all.size() - last.size()) != last) __builtin_trap();
    }
    // Unpacked as it is read, by another unpacker, which may put up with more.
    const auto read = millrace::IdxFile::Open(millrace::FromMemory(bytes),
                                              dimensions, /*held_bytes=*/0);
    if (held.ok() && !read.ok()) __builtin_trap();
    if (!read.ok()) continue;
    const auto all = Read(*read, 0, read->sizes()[0]);
    if (held.ok() &&
        (!all.ok() || *all != Read(*held, 0, held->sizes()[0]).value())) {
      __builtin_trap();
    }
  }
  return 0;
}
