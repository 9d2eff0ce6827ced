// The client's side of the border to gRPC: channels and statuses.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/support/status.h"

namespace millrace::client {

// A channel of its own connection, so that the first call on it dials: gRPC
// otherwise shares connections, and their waiting times after failures,
// between the channels of a process. Pings the server while a call is open and
// nothing is heard for `keepalive`: a host that vanished is noticed within
// twice that.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& endpoint,
                                           int64_t max_message_bytes,
                                           absl::Duration keepalive);

absl::Status FromGrpc(const grpc::Status& status);

}  // namespace millrace::client
