#include "server/stream_opening.h"

#include <grpcpp/impl/codegen/proto_utils.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"

namespace millrace {

namespace {

constexpr size_t kMaxClientNameBytes = 64;

absl::StatusOr<v1::OpenStream> ParseOpen(grpc::ByteBuffer message) {
  MILLRACE_ASSIGN_OR_RETURN(v1::StreamBatchesRequest request,
                            ParseStreamRequest(std::move(message)));
  if (!request.has_open()) {
    return absl::InvalidArgumentError(
        "the first message of a stream must be `open`");
  }
  v1::OpenStream open = std::move(*request.mutable_open());
  if (open.client().size() > kMaxClientNameBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the client's name has ", open.client().size(),
                     " bytes; at most ", kMaxClientNameBytes, " are allowed"));
  }
  if (open.world_size() == 0) open.set_world_size(1);
  return open;
}

absl::Status CheckDigest(const CompiledPlan& plan, uint64_t expected) {
  if (expected == 0 || expected == plan.digest()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "the plan's digest is %016x, not %016x as the client expects: plan or "
      "dataset (now %s) changed since the stream was first opened; open it "
      "with the plan that `opened` returned, whose datasets are pinned",
      plan.digest(), expected, plan.datasets()));
}

// Every batch as large as it may become. Few batches with masks do become that
// large, so rather than none their stream gets fewer.
absl::StatusOr<std::unique_ptr<BatchBudget::Reservation>> ReserveFor(
    const CompiledPlan& plan, uint32_t world_size, ServerContext* context) {
  const uint64_t most = context->config.limits().max_batches_ahead();
  const uint64_t ragged_bytes = plan.MaxRaggedBytes();
  return context->budget.Reserve(ragged_bytes > 0 ? 1 : most, most,
                                 plan.BatchBytes(world_size) + ragged_bytes);
}

v1::StreamOpened Answer(const CompiledPlan& plan, uint32_t world_size,
                        uint32_t max_outstanding_steps) {
  v1::StreamOpened answer;
  *answer.mutable_plan() = plan.plan();
  answer.set_plan_digest(plan.digest());
  answer.set_steps_per_epoch(plan.steps_per_epoch());
  answer.set_positions_per_epoch(plan.order().positions());
  for (v1::TensorSpec& spec : plan.TensorSpecs(world_size)) {
    *answer.add_tensors() = std::move(spec);
  }
  answer.set_max_outstanding_steps(max_outstanding_steps);
  answer.set_batch_bytes(plan.BatchBytes(world_size));
  return answer;
}

}  // namespace

absl::StatusOr<v1::StreamBatchesRequest> ParseStreamRequest(
    grpc::ByteBuffer message) {
  v1::StreamBatchesRequest request;
  const grpc::Status status =
      grpc::SerializationTraits<v1::StreamBatchesRequest>::Deserialize(
          &message, &request);
  if (status.ok()) return request;
  return absl::InvalidArgumentError(
      "the message is not a StreamBatchesRequest");
}

absl::StatusOr<StreamOpening> OpenStreamFrom(ServerContext* context,
                                             grpc::ByteBuffer first_message) {
  MILLRACE_ASSIGN_OR_RETURN(v1::OpenStream open,
                            ParseOpen(std::move(first_message)));
  StreamOpening opening;
  opening.rank = open.rank();
  opening.world_size = open.world_size();
  opening.client = open.client();
  MILLRACE_ASSIGN_OR_RETURN(opening.plan,
                            context->datasets.Compile(open.plan()));
  MILLRACE_RETURN_IF_ERROR(
      CheckDigest(*opening.plan, open.expected_plan_digest()));
  MILLRACE_RETURN_IF_ERROR(
      opening.plan->CheckRank(open.rank(), open.world_size()));
  const v1::ServerLimits& limits = context->config.limits();
  opening.trainer = context->metrics.trainer_waits.Join(open.client());
  MILLRACE_ASSIGN_OR_RETURN(
      opening.memory, ReserveFor(*opening.plan, open.world_size(), context));
  opening.answer =
      Answer(*opening.plan, open.world_size(), limits.max_outstanding_steps());
  return opening;
}

}  // namespace millrace
