// The first message of StreamBatches: from its bytes to a stream that can run.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "millrace/v1/millrace.pb.h"
#include "pipeline/plan_compiler.h"
#include "server/batch_budget.h"
#include "server/server_context.h"
#include "server/trainer_waits.h"

namespace millrace {

struct StreamOpening {
  std::shared_ptr<const CompiledPlan> plan;
  uint32_t rank = 0;
  uint32_t world_size = 1;
  // As the trainer calls itself.
  std::string client;
  std::shared_ptr<TrainerWaits::Trainer> trainer;
  std::unique_ptr<BatchBudget::Reservation> memory;
  v1::StreamOpened answer;
};

// Reads disk and compiles: runs on a worker. INVALID_ARGUMENT: the message is
// not `open`, or its plan or rank is wrong. NOT_FOUND. FAILED_PRECONDITION: the
// plan has another digest than expected. RESOURCE_EXHAUSTED: no batch memory.
absl::StatusOr<StreamOpening> OpenStreamFrom(ServerContext* context,
                                             grpc::ByteBuffer first_message);

// Shared with the later messages. INVALID_ARGUMENT: not a protobuf.
absl::StatusOr<v1::StreamBatchesRequest> ParseStreamRequest(
    grpc::ByteBuffer message);

}  // namespace millrace
