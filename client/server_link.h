// One connection to one server: the call that is open now, if any, and what is
// known of the server. Plain state of a ResumingStream, under its lock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/backoff.h"
#include "client/batch_stream.h"
#include "client/endpoint_list.h"
#include "client/stream_call.h"

namespace millrace::client {

class ServerLink final : private StreamCall::Listener {
 public:
  // Called from gRPC's threads, without locks.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void OnMessage(ServerLink* link,
                           const grpc::ByteBuffer& message) = 0;
    virtual void OnEnded(ServerLink* link, const absl::Status& status) = 0;
  };

  // `owner` outlives the link.
  ServerLink(int id, ServerAddress server, const BatchStreamOptions& options,
             Owner* owner);

  // Opens a call; there is none.
  void Start(const v1::OpenStream& open, const BatchStreamOptions& options);
  // The call has ended: it goes.
  void Forget();
  // Ends the call, if there is one, for this reason: what the server did is
  // not what it should.
  void Refuse(const absl::Status& why);

  void CountLatency(absl::Duration latency);
  EndpointStats stats() const;

  const int id;
  const ServerAddress server;

  // Present between Start() and Forget().
  std::unique_ptr<StreamCall> call;
  // The server has answered `opened`.
  bool open = false;
  // The request had the plan as it was opened before, with its digest.
  bool pinned = false;
  // Why the call has ended.
  std::optional<absl::Status> ended;
  // Why we ended it.
  absl::Status verdict;
  // Steps of this call.
  uint64_t call_steps = 0;

  // When to try (again).
  absl::Time next_attempt = absl::InfinitePast();
  Backoff backoff;
  // How the last attempt failed, if one did, and whether it was refused.
  absl::Status last_failure;
  bool refused = false;
  // Its address is gone: what was asked may still come, then no more.
  bool retired = false;

  uint64_t steps = 0;
  uint64_t bytes = 0;
  uint64_t failures = 0;
  uint64_t openings = 0;

 private:
  static constexpr size_t kLatencies = 256;

  void OnMessage(const grpc::ByteBuffer& message) override;
  void OnEnded(const absl::Status& status) override;

  Owner* const owner_;
  std::array<absl::Duration, kLatencies> latencies_;
  size_t answers_ = 0;
};

}  // namespace millrace::client
