// COCO annotation files: what the index accepts, it can read again.

#include <cstddef>
#include <cstdint>
#include <string>

#include "ingest/bytes.h"
#include "ingest/coco_index.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = millrace::FromMemory(
      std::string(reinterpret_cast<const char*>(data), size));
  millrace::CocoIndex index;
  if (!index.Add("a.json", bytes).ok() || !index.Add("b.json", bytes).ok() ||
      !index.Finish().ok()) {
    return 0;
  }
  for (size_t i = 0; i < index.images().size(); ++i) {
    for (const auto& entry : index.EntriesOf(i)) {
      if (!index.Read(entry).ok()) __builtin_trap();
    }
  }
  return 0;
}
