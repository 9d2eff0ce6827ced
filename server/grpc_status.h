// The border to gRPC: statuses and messages.
#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace millrace {

// Codes are equal by number. A long message is cut: headers are limited.
grpc::Status ToGrpc(const absl::Status& status);

grpc::ByteBuffer Serialized(const google::protobuf::MessageLite& message);

}  // namespace millrace
