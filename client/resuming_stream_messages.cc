// What a ResumingStream does with servers' answers, on gRPC's threads.
#include <algorithm>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "client/channel.h"
#include "client/resuming_stream.h"
#include "client/stream_state.h"

namespace millrace::client {

namespace {

// Idle buffers worth keeping: all that can come back at once, of the size that
// batches are expected to have.
size_t IdleBytes(uint32_t depth, const v1::StreamOpened& opened) {
  const uint64_t ragged_allowance = opened.batch_bytes() / 4 + (1 << 20);
  return (depth + uint64_t{1}) * (opened.batch_bytes() + ragged_allowance);
}

// The first step that is not wanted; 0: endless.
uint64_t EndStep(const BatchStreamOptions& options, uint64_t steps_per_epoch) {
  uint64_t end = 0;
  if (__builtin_mul_overflow(options.end_epoch, steps_per_epoch, &end)) end = 0;
  if (options.end_step == 0 || end == 0) return std::max(options.end_step, end);
  return std::min(options.end_step, end);
}

}  // namespace

void ResumingStream::OnMessage(ServerLink* link,
                               const grpc::ByteBuffer& message) {
  absl::Status status;
  try {
    status = Handle(link, message);
  } catch (const std::bad_alloc&) {
    status = absl::ResourceExhaustedError(
        "there is no memory for another batch: lower prefetch_steps, "
        "prefetch_bytes or the batch size");
  }
  if (status.ok()) return;
  MutexLock lock(&mutex_);
  link->Refuse(status);
}

void ResumingStream::OnEnded(ServerLink* link, const absl::Status& status) {
  MutexLock lock(&mutex_);
  link->ended = status;
  changed_.NotifyAll();
  keeper_wakes_.NotifyOne();
}

absl::Status ResumingStream::Handle(ServerLink* link,
                                    const grpc::ByteBuffer& message) {
  std::vector<grpc::Slice> slices;
  if (const grpc::Status status = message.Dump(&slices); !status.ok()) {
    return FromGrpc(status);
  }
  std::vector<absl::string_view> pieces;
  pieces.reserve(slices.size());
  for (const grpc::Slice& slice : slices) {
    pieces.emplace_back(reinterpret_cast<const char*>(slice.begin()),
                        slice.size());
  }
  absl::StatusOr<ParsedResponse> response = ParseResponse(pieces);
  if (!response.ok()) {
    return absl::InternalError(
        absl::StrCat(link->server.shown,
                     " sent what is no answer: ", response.status().message()));
  }
  if (response->opened.has_value()) {
    return HandleOpened(link, *std::move(response->opened));
  }
  return HandleBatch(link, *response->batch);
}

absl::Status ResumingStream::HandleOpened(ServerLink* link,
                                          v1::StreamOpened opened) {
  MutexLock lock(&mutex_);
  if (!final_.ok()) return final_;
  if (link->open) {
    return absl::InternalError("the server said \"opened\" twice");
  }
  const uint32_t max_outstanding = opened.max_outstanding_steps();
  MILLRACE_RETURN_IF_ERROR(opened_ == nullptr ? FirstOpening(std::move(opened))
                                              : CheckReopening(*link, opened));
  Join(link, max_outstanding);
  changed_.NotifyAll();
  keeper_wakes_.NotifyOne();
  return absl::OkStatus();
}

void ResumingStream::Join(ServerLink* link, uint32_t max_outstanding) {
  link->open = true;
  link->refused = false;
  if (++link->openings > 1) ++stats_.reconnects;
  if (link->retired) {
    link->call->FinishAsking();
    return;
  }
  balancer_.Join(link->id, link->server.address, max_outstanding);
  Ask(absl::Now());
}

absl::Status ResumingStream::FirstOpening(v1::StreamOpened opened) {
  if (opened.steps_per_epoch() == 0 || opened.max_outstanding_steps() == 0) {
    return absl::InternalError(
        "the server opened a stream without steps: " +
        absl::StrCat(opened.steps_per_epoch(), " an epoch, ",
                     opened.max_outstanding_steps(), " outstanding"));
  }
  if (opened.batch_bytes() >
      static_cast<uint64_t>(options_.max_message_bytes)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "a batch of this plan has ", opened.batch_bytes(),
        " bytes, more than max_message_bytes ", options_.max_message_bytes,
        ": lower the batch size or raise the limit"));
  }
  uint64_t start = options_.start_step;
  if (options_.restore.has_value()) {
    MILLRACE_RETURN_IF_ERROR(CheckState(*options_.restore, opened));
    start = options_.restore->next_step();
  }
  largest_batch_ = opened.batch_bytes();
  window_ =
      StepWindow(start, EndStep(options_, opened.steps_per_epoch()), Depth());
  pool_ = std::make_unique<BufferPool>(IdleBytes(Depth(), opened));
  opened_ = std::make_unique<v1::StreamOpened>(std::move(opened));
  reported_at_ = absl::Now();
  return absl::OkStatus();
}

absl::Status ResumingStream::CheckReopening(
    const ServerLink& link, const v1::StreamOpened& opened) const {
  if (opened.plan_digest() == opened_->plan_digest() &&
      opened.steps_per_epoch() == opened_->steps_per_epoch()) {
    return absl::OkStatus();
  }
  const std::string what = absl::StrFormat(
      "%s serves another plan: digest %016x with %d steps an epoch, before it "
      "was %016x with %d",
      link.server.shown, opened.plan_digest(), opened.steps_per_epoch(),
      opened_->plan_digest(), opened_->steps_per_epoch());
  // It was not told which versions to take.
  if (!link.pinned) return absl::UnavailableError(what);
  return absl::FailedPreconditionError("after a reconnect, " + what);
}

absl::StatusOr<bool> ResumingStream::CheckAsked(const ServerLink& link,
                                                uint64_t step) const {
  if (!link.open) {
    return absl::InternalError("the server sent a batch before \"opened\"");
  }
  if (balancer_.IsAsked(link.id, step)) return window_.Misses(step);
  const bool twice = step < window_.next() || window_.Has(step);
  return absl::InternalError(
      absl::StrCat("the server sent step ", step,
                   twice ? " again" : ", which was not asked for"));
}

absl::Status ResumingStream::HandleBatch(ServerLink* link,
                                         const BatchLayout& layout) {
  BufferPool* pool = nullptr;
  {
    MutexLock lock(&mutex_);
    MILLRACE_ASSIGN_OR_RETURN(const bool wanted,
                              CheckAsked(*link, layout.step));
    MILLRACE_RETURN_IF_ERROR(CheckAgainst(*opened_, layout));
    if (!wanted) {
      balancer_.Answered(link->id, layout.step, absl::Now());
      Ask(absl::Now());
      return absl::OkStatus();
    }
    pool = pool_.get();
  }
  ReceivedBatch batch = CopyBatch(layout, pool);
  const absl::Time now = absl::Now();
  MutexLock lock(&mutex_);
  // Again: the same step may have been copied twice at the same time.
  MILLRACE_ASSIGN_OR_RETURN(const bool wanted, CheckAsked(*link, layout.step));
  const Balancer::Answer answer =
      balancer_.Answered(link->id, layout.step, now);
  link->CountLatency(answer.latency);
  if (wanted) Receive(link, std::move(batch), answer.hedge);
  Ask(now);
  return absl::OkStatus();
}

void ResumingStream::Receive(ServerLink* link, ReceivedBatch batch,
                             bool hedge) {
  uint64_t bytes = 0;
  for (const TensorView& tensor : batch.tensors) bytes += tensor.bytes.size();
  largest_batch_ = std::max(largest_batch_, bytes);
  ++stats_.steps;
  stats_.bytes += bytes;
  if (hedge) ++stats_.hedges_won;
  ++link->steps;
  link->bytes += bytes;
  ++link->call_steps;
  last_step_ = TimeAwake();
  window_.Receive(std::move(batch));
  window_.SetDepth(Depth());
  changed_.NotifyAll();
  if (window_.all_received()) keeper_wakes_.NotifyOne();
}

}  // namespace millrace::client
