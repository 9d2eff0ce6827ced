// Decodes records: as they come, and with a header that fits, so that what
// lies behind the checksum is reached, too.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "millrace/v1/sample.pb.h"
#include "storage/record.h"

namespace {

void Check(const std::string& record, uint64_t ordinal) {
  const auto view = millrace::OpenRecord(record, ordinal);
  if (!view.ok()) return;
  if (view->meta.size() + view->decode_record.size() + view->image.size() +
          millrace::kRecordLengthsBytes !=
      view->body.size()) {
    std::abort();
  }
  millrace::v1::SampleMeta meta;
  if (meta.ParseFromArray(view->meta.data(),
                          static_cast<int>(view->meta.size()))) {
    millrace::MakeRecord(meta, view->image, view->decode_record);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string record(reinterpret_cast<const char*>(data), size);
  Check(record, 0);
  // What MakeRecord would have made at least.
  if (size < millrace::kRecordHeaderBytes + millrace::kRecordLengthsBytes) {
    return 0;
  }
  millrace::SealRecord(7, &record);
  Check(record, 7);
  return 0;
}
