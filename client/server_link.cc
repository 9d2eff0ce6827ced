#include "client/server_link.h"

#include <algorithm>
#include <random>
#include <utility>

#include "client/channel.h"

namespace millrace::client {

ServerLink::ServerLink(int id_in, ServerAddress server_in,
                       const BatchStreamOptions& options, Owner* owner)
    : id(id_in),
      server(std::move(server_in)),
      backoff(options.min_backoff, options.max_backoff, std::random_device()()),
      owner_(owner) {}

void ServerLink::Start(const v1::OpenStream& open_request,
                       const BatchStreamOptions& options) {
  open = false;
  pinned = open_request.expected_plan_digest() != 0;
  ended.reset();
  verdict = absl::OkStatus();
  call_steps = 0;
  StreamCall::Listener* const listener = this;
  call = std::make_unique<StreamCall>(
      MakeChannel(server.address, options.max_message_bytes, options.keepalive),
      listener);
  call->Start(open_request);
}

void ServerLink::Forget() {
  call.reset();
  open = false;
}

void ServerLink::Refuse(const absl::Status& why) {
  if (verdict.ok()) verdict = why;
  if (call != nullptr) call->Cancel();
}

void ServerLink::CountLatency(absl::Duration latency) {
  latencies_[answers_++ % kLatencies] = latency;
}

EndpointStats ServerLink::stats() const {
  EndpointStats stats = {.endpoint = server.shown,
                         .connected = open,
                         .steps = steps,
                         .bytes = bytes,
                         .failures = failures};
  std::array<absl::Duration, kLatencies> sorted = latencies_;
  const size_t count = std::min(answers_, kLatencies);
  if (count == 0) return stats;
  std::sort(sorted.begin(), sorted.begin() + count);
  stats.median_latency = sorted[count / 2];
  stats.p99_latency = sorted[count * 99 / 100];
  return stats;
}

void ServerLink::OnMessage(const grpc::ByteBuffer& message) {
  owner_->OnMessage(this, message);
}

void ServerLink::OnEnded(const absl::Status& status) {
  owner_->OnEnded(this, status);
}

}  // namespace millrace::client
