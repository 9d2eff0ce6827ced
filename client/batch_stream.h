// A trainer's view of Millrace: batches in order, whatever happens to servers.
//
//   BatchStreamOptions options;
//   options.endpoint = "localhost:8090";
//   options.plan = plan;
//   auto stream = BatchStream::Open(options);
//   while (...) { auto batch = (*stream)->Next(); ... }
//
// Steps are asked for ahead of time (`prefetch_steps`), put in order, and
// asked for again after a reconnect, so each is returned exactly once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/buffer_pool.h"
#include "millrace/v1/millrace.pb.h"

namespace millrace::client {

// One tensor of a batch: row-major, little-endian, aligned to 64 bytes.
struct TensorView {
  std::string name;
  v1::DType dtype = v1::DTYPE_UNSPECIFIED;
  std::vector<int64_t> shape;
  absl::Span<const uint8_t> bytes;

  // The values as T; the size of T must be the dtype's (programmer error).
  template <typename T>
  absl::Span<const T> values() const {
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
};

// Owns the memory of its tensors. Movable.
class ReceivedBatch {
 public:
  uint64_t step = 0;
  uint64_t epoch = 0;
  uint64_t step_in_epoch = 0;
  std::vector<TensorView> tensors;

  // Null if there is no such tensor.
  const TensorView* Find(absl::string_view name) const;

  // What the tensors point into.
  Buffer memory;
};

struct BatchStreamOptions {
  // --- What to stream ---
  std::string endpoint;  // "host:port" or any name that gRPC resolves.
  v1::Plan plan;
  uint32_t rank = 0;
  uint32_t world_size = 1;
  uint64_t start_step = 0;
  // First step, and first epoch, that is not wanted; 0: endless. With both,
  // what comes first counts. Nothing after it is asked for.
  uint64_t end_step = 0;
  uint64_t end_epoch = 0;
  std::string name;  // In the server's logs and metrics.

  // --- How ---
  // Steps asked for and not yet returned. Each costs one batch of memory.
  uint32_t prefetch_steps = 4;
  // Give up when Next() or Open() has waited this long and no step has arrived
  // either, connection attempts included. A trainer that is busy elsewhere does
  // not count as waiting.
  absl::Duration give_up_after = absl::Minutes(5);
  absl::Duration min_backoff = absl::Milliseconds(100);
  absl::Duration max_backoff = absl::Seconds(10);
  // When the server has been silent for so long it is pinged, and when that is
  // not answered for as long again the connection counts as lost. Servers may
  // refuse pings that come more often than every 10 s.
  absl::Duration keepalive = absl::Seconds(20);
  // A message larger than this ends the stream.
  int64_t max_message_bytes = int64_t{2} << 30;
  // Called, from an inner thread, at each connection that was lost or could not
  // be made, before the next attempt. Must not call the stream. May be empty.
  std::function<void(const absl::Status& why)> on_reconnect;

  absl::Status Validate() const;
};

struct StreamStats {
  uint64_t steps = 0;
  uint64_t bytes = 0;
  uint64_t reconnects = 0;
  // Time that Next() spent waiting.
  absl::Duration wait;
};

// Next() is for one thread; Cancel() and stats() for any.
class BatchStream {
 public:
  // Connects, sends the plan, waits for the answer. A plan that the server
  // refuses is refused here with the server's status; a server that cannot be
  // reached is tried until give_up_after, then UNAVAILABLE.
  static absl::StatusOr<std::unique_ptr<BatchStream>> Open(
      BatchStreamOptions options);

  // Cancels the RPC and waits for its end; if all steps have come, leaves the
  // server a second to end it first.
  virtual ~BatchStream() = default;

  // What the server answered at opening.
  virtual const v1::StreamOpened& opened() const = 0;

  // The next step's batch. OUT_OF_RANGE: the end was reached. CANCELLED.
  // UNAVAILABLE: no server for give_up_after. Any other: the server's verdict;
  // final.
  virtual absl::StatusOr<ReceivedBatch> Next() = 0;

  // Ends all waiting; Next() returns CANCELLED from now on.
  virtual void Cancel() = 0;

  virtual StreamStats stats() const = 0;
};

}  // namespace millrace::client
