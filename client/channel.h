// The client's side of the border to gRPC: channels and statuses.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "grpcpp/channel.h"
#include "grpcpp/support/status.h"

namespace millrace::client {

// A channel of its own connection, so that the first call on it dials: gRPC
// otherwise shares connections, and their waiting times after failures,
// between the channels of a process. Pings the server while a call is open and
// nothing is heard: a host that vanished is noticed within 40 s.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& endpoint,
                                           int64_t max_message_bytes);

absl::Status FromGrpc(const grpc::Status& status);

}  // namespace millrace::client
