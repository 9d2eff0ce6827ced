// IDX files, plain and gzip: never a crash, never more than the limit.

#include <cstddef>
#include <cstdint>
#include <string>

#include "ingest/bytes.h"
#include "ingest/idx.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  for (const size_t dimensions : {1, 3}) {
    const auto file =
        millrace::IdxFile::Open(millrace::FromMemory(bytes), dimensions);
    if (!file.ok() || file->sizes()[0] == 0) continue;
    const std::string last = file->ReadItem(file->sizes()[0] - 1).value();
    const std::string all = file->ReadAllItems().value();
    if (all.substr(all.size() - last.size()) != last) __builtin_trap();
  }
  return 0;
}
