// A trainer's view of Millrace: batches in order, whatever happens to servers.
//
//   BatchStreamOptions options;
//   options.endpoints = {"localhost:8090"};
//   options.plan = plan;
//   auto stream = BatchStream::Open(options);
//   while (...) { auto batch = (*stream)->Next(); ... }
//
// Steps are asked for ahead of time (`prefetch_steps`), spread over all servers
// by their speed, put in order, and asked for again where a server is lost or
// late, so each is returned exactly once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
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
  // At least one, at most 64, none twice. Each is a server, "host:port", or
  // "dns:///host:port": then every address of that name is one, and it is
  // looked up again every `resolve_every`.
  std::vector<std::string> endpoints;
  v1::Plan plan;
  uint32_t rank = 0;
  uint32_t world_size = 1;
  uint64_t start_step = 0;
  // What State() gave, of this plan, at any world size: goes on from there, on
  // the same versions of its datasets. `start_step` must be 0.
  std::optional<v1::StreamState> restore;
  // First step, and first epoch, that is not wanted; 0: endless. With both,
  // what comes first counts. Nothing after it is asked for.
  uint64_t end_step = 0;
  uint64_t end_epoch = 0;
  std::string name;  // In the server's logs and metrics.

  // --- How ---
  // Steps asked for and not yet returned. Each costs one batch of memory.
  uint32_t prefetch_steps = 4;
  // No more of them than have so many bytes together; one in any case.
  uint64_t prefetch_bytes = uint64_t{1} << 30;
  // To each server. A second one helps where receiving takes a whole core.
  uint32_t connections = 1;
  // A step that is late by the measure of the others, and at least by this, is
  // asked of a second server, too; the first answer counts. Infinite: never.
  absl::Duration hedge_after = absl::Milliseconds(20);
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
  absl::Duration resolve_every = absl::Seconds(30);
  // Appends a line for each step, just before Next() returns it, for
  // `millrace audit`; see client/audit_log.h. Empty: none.
  std::string audit_log;
  // A message larger than this ends the stream.
  int64_t max_message_bytes = int64_t{2} << 30;
  // Called, from an inner thread, at each connection that was lost or could not
  // be made, before the next attempt. Must not call the stream. May be empty.
  std::function<void(const absl::Status& why)> on_reconnect;

  absl::Status Validate() const;
};

struct EndpointStats {
  // An address, if it is one of a name's.
  std::string endpoint;
  bool connected = false;
  // That came from there first.
  uint64_t steps = 0;
  uint64_t bytes = 0;
  // Connections that were lost or could not be made.
  uint64_t failures = 0;
  // From asking for a step to its arrival; of the last 256.
  absl::Duration median_latency;
  absl::Duration p99_latency;
};

struct StreamStats {
  // Received, from whichever server.
  uint64_t steps = 0;
  uint64_t bytes = 0;
  // Connections after the first to each server.
  uint64_t reconnects = 0;
  // Steps that a server was lost with, and that had not come from another.
  uint64_t retries = 0;
  // Steps asked of a second server, since they were late, and those of them
  // that came from there first.
  uint64_t hedges = 0;
  uint64_t hedges_won = 0;
  // Time that Next() spent waiting.
  absl::Duration wait;
  std::vector<EndpointStats> endpoints;
};

// INVALID_ARGUMENT if it is no "host:port", nor another name that gRPC
// resolves.
absl::Status CheckEndpoint(const std::string& endpoint);

// Next(), NextBefore() and State() are for one thread; the others for any.
class BatchStream {
 public:
  // Connects, sends the plan, waits for the first answer. A plan that is
  // refused is refused here with the server's status, once every other server
  // has refused it or failed to answer; if none can be reached, they are tried
  // until give_up_after, then UNAVAILABLE. FAILED_PRECONDITION: `restore` is of
  // another plan or dataset; the message names what differs.
  static absl::StatusOr<std::unique_ptr<BatchStream>> Open(
      BatchStreamOptions options);

  // As Open(), but returns without waiting. INVALID_ARGUMENT: what Validate()
  // says. Until WaitUntilOpened() is OK, opened() and State() must not be
  // called.
  static absl::StatusOr<std::unique_ptr<BatchStream>> Start(
      BatchStreamOptions options);

  // Waits for the first answer. As Open(); DEADLINE_EXCEEDED: not yet, ask
  // again; CANCELLED. Time in which nobody calls it counts as waiting, too.
  virtual absl::Status WaitUntilOpened(
      absl::Time deadline = absl::InfiniteFuture()) = 0;

  // Cancels the RPC and waits for its end; if all steps have come, leaves the
  // server a second to end it first.
  virtual ~BatchStream() = default;

  // What the server answered at opening.
  virtual const v1::StreamOpened& opened() const = 0;

  // Where to go on after the last batch that Next() returned: for
  // BatchStreamOptions::restore. Some hundred bytes; independent of the rank,
  // the same for all ranks that have had the same steps.
  virtual v1::StreamState State() const = 0;

  // The next step's batch. OUT_OF_RANGE: the end was reached. CANCELLED.
  // UNAVAILABLE: no server for give_up_after. FAILED_PRECONDITION with the path
  // in its message: the audit log cannot be written. Any other: the verdict of
  // every server that can be reached; final.
  absl::StatusOr<ReceivedBatch> Next() {
    return NextBefore(absl::InfiniteFuture());
  }

  // As Next(). DEADLINE_EXCEEDED: the batch is not there yet; nothing is lost,
  // and the time counts as waiting for give_up_after. A deadline in the past
  // asks without waiting.
  virtual absl::StatusOr<ReceivedBatch> NextBefore(absl::Time deadline) = 0;

  // Ends all waiting; Next() returns CANCELLED from now on.
  virtual void Cancel() = 0;

  virtual StreamStats stats() const = 0;
};

}  // namespace millrace::client
