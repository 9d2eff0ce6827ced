// Turns one message of a stream into a batch, copying the tensors exactly once:
// from the network's pieces into one aligned buffer.
//
// A generated parser would copy them twice, into its own strings and from there
// to where the trainer wants them. The messages are those of millrace.proto;
// unknown fields are skipped, as protobuf does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/buffer_pool.h"
#include "client/batch_stream.h"
#include "client/wire_reader.h"
#include "millrace/v1/millrace.pb.h"

namespace millrace::client {

// Where a tensor lies in the message. The product of `shape` times the element
// size is data.remaining().
struct TensorLayout {
  std::string name;
  v1::DType dtype = v1::DTYPE_UNSPECIFIED;
  std::vector<int64_t> shape;
  WireReader data;
};

struct BatchLayout {
  uint64_t step = 0;
  uint64_t epoch = 0;
  uint64_t step_in_epoch = 0;
  std::vector<TensorLayout> tensors;
};

// One of the two is present.
struct ParsedResponse {
  std::optional<v1::StreamOpened> opened;
  std::optional<BatchLayout> batch;
};

// Parses a StreamBatchesResponse. The result points into `pieces`. Garbled
// bytes, shapes that do not fit their data, more than 256 tensors and tensors
// of more than 16 dimensions are INVALID_ARGUMENT, saying which tensor.
absl::StatusOr<ParsedResponse> ParseResponse(
    absl::Span<const absl::string_view> pieces);

// INTERNAL, naming the difference, if the batch is not of the form that
// `opened` promised.
absl::Status CheckAgainst(const v1::StreamOpened& opened,
                          const BatchLayout& batch);

// The one copy. Every tensor is aligned to 64 bytes.
ReceivedBatch CopyBatch(const BatchLayout& layout, BufferPool* pool);

}  // namespace millrace::client
