// Answers of a server that means ill: the first byte says into pieces of which
// size the rest is cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/batch_parse.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data + 1),
                                size - 1);
  const size_t piece = data[0] == 0 ? size : data[0];
  std::vector<absl::string_view> pieces;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    pieces.push_back(bytes.substr(at, piece));
  }
  const auto response = millrace::client::ParseResponse(pieces);
  if (response.ok() && response->batch.has_value()) {
    millrace::BufferPool pool(0);
    millrace::client::CopyBatch(*response->batch, &pool);
  }
  return 0;
}
