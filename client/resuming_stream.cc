#include "client/resuming_stream.h"

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "client/channel.h"
#include "client/stream_state.h"

namespace millrace::client {

namespace {

constexpr absl::Duration kGoodbye = absl::Seconds(1);

// Idle buffers worth keeping: all that can come back at once, of the size that
// batches are expected to have.
size_t IdleBytes(const BatchStreamOptions& options,
                 const v1::StreamOpened& opened) {
  const uint64_t ragged_allowance = opened.batch_bytes() / 4 + (1 << 20);
  return (options.prefetch_steps + uint64_t{1}) *
         (opened.batch_bytes() + ragged_allowance);
}

// The first step that is not wanted; 0: endless.
uint64_t EndStep(const BatchStreamOptions& options, uint64_t steps_per_epoch) {
  uint64_t end = 0;
  if (__builtin_mul_overflow(options.end_epoch, steps_per_epoch, &end)) end = 0;
  if (options.end_step == 0 || end == 0) return std::max(options.end_step, end);
  return std::min(options.end_step, end);
}

}  // namespace

bool IsRetryable(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    // Not our cancelling: the connection's or the server's.
    case absl::StatusCode::kCancelled:
      return true;
    case absl::StatusCode::kResourceExhausted:
      // gRPC's own verdict on a message above max_message_bytes; it would be
      // as large again.
      return !absl::StrContains(status.message(), "message larger than max");
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      // A stream cut off below the server, by a proxy for example.
      return absl::StrContains(status.message(), "RST_STREAM") ||
             absl::StrContains(status.message(), "Stream removed");
    default:
      return false;
  }
}

ResumingStream::ResumingStream(BatchStreamOptions options)
    : options_(std::move(options)),
      window_(options_.start_step, 0, options_.prefetch_steps),
      backoff_(options_.min_backoff, options_.max_backoff,
               std::random_device()()),
      keeper_([this] { Keep(); }) {}

ResumingStream::~ResumingStream() {
  WaitForGoodbye();
  Cancel();
  keeper_.join();
}

absl::Status ResumingStream::WaitUntilOpened() {
  MutexLock lock(&mutex_);
  const absl::Time entered = absl::Now();
  while (opened_ == nullptr && final_.ok()) WaitForChange(entered);
  // What went wrong after the opening is for Next() to tell.
  return opened_ != nullptr ? absl::OkStatus() : final_;
}

const v1::StreamOpened& ResumingStream::opened() const {
  MutexLock lock(&mutex_);
  return *opened_;
}

v1::StreamState ResumingStream::State() const {
  MutexLock lock(&mutex_);
  return MakeState(*opened_, window_.next());
}

absl::StatusOr<ReceivedBatch> ResumingStream::Next() {
  MutexLock lock(&mutex_);
  const absl::Time entered = absl::Now();
  while (!window_.ready()) {
    if (window_.finished()) {
      return absl::OutOfRangeError(
          absl::StrCat("the end is reached: step ", window_.next()));
    }
    if (!final_.ok()) return final_;
    WaitForChange(entered);
  }
  if (absl::IsCancelled(final_)) return final_;
  stats_.wait += absl::Now() - entered;
  ReceivedBatch batch = window_.Pop();
  Ask();
  return batch;
}

void ResumingStream::Cancel() {
  MutexLock lock(&mutex_);
  // Overrides other ends: nothing more is handed out.
  if (!final_.ok()) final_ = absl::OkStatus();
  End(absl::CancelledError("the stream was cancelled"));
}

StreamStats ResumingStream::stats() const {
  MutexLock lock(&mutex_);
  return stats_;
}

void ResumingStream::WaitForGoodbye() {
  const absl::Time deadline = absl::Now() + kGoodbye;
  MutexLock lock(&mutex_);
  while (call_ != nullptr && !call_ended_.has_value() && final_.ok() &&
         window_.all_received() && absl::Now() < deadline) {
    changed_.WaitUntil(&mutex_, deadline);
  }
}

// --- The keeper thread -------------------------------------------------------

void ResumingStream::Keep() {
  while (true) {
    const absl::Status failure = Judge(RunCall());
    if (failure.ok()) return;
    if (options_.on_reconnect) options_.on_reconnect(failure);
    WaitBeforeRetry(backoff_.Next());
  }
}

absl::Status ResumingStream::RunCall() {
  std::shared_ptr<grpc::Channel> channel = MakeChannel(
      options_.endpoints[0], options_.max_message_bytes, options_.keepalive);
  StreamCall::Listener* const listener = this;
  MutexLock lock(&mutex_);
  if (!final_.ok()) return final_;
  window_.ForgetAsks();
  call_opened_ = false;
  call_ended_.reset();
  call_steps_ = 0;
  call_ = std::make_unique<StreamCall>(std::move(channel), listener);
  call_->Start(OpenRequest());
  while (!call_ended_.has_value()) changed_.Wait(&mutex_);
  call_.reset();
  return *call_ended_;
}

v1::OpenStream ResumingStream::OpenRequest() const {
  v1::OpenStream open;
  if (opened_ == nullptr) {
    *open.mutable_plan() = options_.restore.has_value()
                               ? *PinToState(options_.plan, *options_.restore)
                               : options_.plan;
  } else {
    // Pinned: a version published meanwhile changes nothing.
    *open.mutable_plan() = opened_->plan();
    open.set_expected_plan_digest(opened_->plan_digest());
  }
  open.set_rank(options_.rank);
  open.set_world_size(options_.world_size);
  open.set_client(options_.name);
  return open;
}

absl::Status ResumingStream::Judge(const absl::Status& ended) {
  MutexLock lock(&mutex_);
  if (!final_.ok() || window_.all_received()) return absl::OkStatus();
  const absl::Status failure =
      ended.ok() ? absl::UnavailableError("the server ended the stream early")
                 : ended;
  if (!IsRetryable(failure)) {
    End(failure);
    return absl::OkStatus();
  }
  if (call_steps_ > 0) backoff_.Reset();
  ++failed_calls_;
  last_failure_ = failure;
  return failure;
}

void ResumingStream::WaitBeforeRetry(absl::Duration wait) {
  const absl::Time deadline = absl::Now() + wait;
  MutexLock lock(&mutex_);
  while (final_.ok() && absl::Now() < deadline) {
    changed_.WaitUntil(&mutex_, deadline);
  }
}

// --- gRPC's threads ----------------------------------------------------------

void ResumingStream::OnMessage(const grpc::ByteBuffer& message) {
  const absl::Status status = Handle(message);
  if (status.ok()) return;
  MutexLock lock(&mutex_);
  End(status);
}

void ResumingStream::OnEnded(const absl::Status& status) {
  MutexLock lock(&mutex_);
  call_ended_ = status;
  changed_.NotifyAll();
}

absl::Status ResumingStream::Handle(const grpc::ByteBuffer& message) {
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
        absl::StrCat(options_.endpoints[0],
                     " sent what is no answer: ", response.status().message()));
  }
  if (response->opened.has_value()) {
    return HandleOpened(*std::move(response->opened));
  }
  return HandleBatch(*response->batch);
}

absl::Status ResumingStream::HandleOpened(v1::StreamOpened opened) {
  MutexLock lock(&mutex_);
  if (call_opened_) {
    return absl::InternalError("the server said \"opened\" twice");
  }
  if (opened_ == nullptr) {
    MILLRACE_RETURN_IF_ERROR(FirstOpening(std::move(opened)));
  } else {
    MILLRACE_RETURN_IF_ERROR(CheckReopening(opened));
    ++stats_.reconnects;
  }
  call_opened_ = true;
  changed_.NotifyAll();
  Ask();
  return absl::OkStatus();
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
  if (options_.restore.has_value()) {
    MILLRACE_RETURN_IF_ERROR(CheckState(*options_.restore, opened));
  }
  window_ = StepWindow(
      options_.restore.has_value() ? options_.restore->next_step()
                                   : options_.start_step,
      EndStep(options_, opened.steps_per_epoch()), options_.prefetch_steps);
  pool_ = std::make_unique<BufferPool>(IdleBytes(options_, opened));
  opened_ = std::make_unique<v1::StreamOpened>(std::move(opened));
  return absl::OkStatus();
}

absl::Status ResumingStream::CheckReopening(
    const v1::StreamOpened& opened) const {
  if (opened.plan_digest() == opened_->plan_digest() &&
      opened.steps_per_epoch() == opened_->steps_per_epoch()) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrFormat(
      "after a reconnect, %s serves another plan: digest %016x with %d steps "
      "an epoch, before it was %016x with %d",
      options_.endpoints[0], opened.plan_digest(), opened.steps_per_epoch(),
      opened_->plan_digest(), opened_->steps_per_epoch()));
}

absl::Status ResumingStream::HandleBatch(const BatchLayout& layout) {
  BufferPool* pool = nullptr;
  {
    MutexLock lock(&mutex_);
    if (!call_opened_) {
      return absl::InternalError("the server sent a batch before \"opened\"");
    }
    MILLRACE_RETURN_IF_ERROR(window_.CheckAsked(layout.step));
    MILLRACE_RETURN_IF_ERROR(CheckAgainst(*opened_, layout));
    pool = pool_.get();
  }
  ReceivedBatch batch = CopyBatch(layout, pool);
  MutexLock lock(&mutex_);
  // Again: the same step may have been copied twice at the same time.
  MILLRACE_RETURN_IF_ERROR(window_.CheckAsked(layout.step));
  for (const TensorView& tensor : batch.tensors) {
    stats_.bytes += tensor.bytes.size();
  }
  ++stats_.steps;
  ++call_steps_;
  last_step_ = absl::Now();
  window_.Receive(std::move(batch));
  changed_.NotifyAll();
  Ask();
  return absl::OkStatus();
}

// --- Any thread --------------------------------------------------------------

void ResumingStream::Ask() {
  if (call_ == nullptr || !call_opened_ || !final_.ok()) return;
  const uint32_t limit = opened_->max_outstanding_steps();
  while (const std::optional<StepRange> range = window_.TakeAsk(limit)) {
    call_->Ask(*range);
  }
  if (window_.all_asked()) call_->FinishAsking();
}

void ResumingStream::End(const absl::Status& status) {
  if (!final_.ok()) return;
  final_ = status;
  if (call_ != nullptr) call_->Cancel();
  changed_.NotifyAll();
}

void ResumingStream::WaitForChange(absl::Time since) {
  const absl::Time deadline =
      std::max(since, last_step_) + options_.give_up_after;
  if (absl::Now() >= deadline) {
    End(GaveUp());
  } else {
    changed_.WaitUntil(&mutex_, deadline);
  }
}

absl::Status ResumingStream::GaveUp() const {
  std::string message =
      absl::StrCat("no step from ", options_.endpoints[0], " for ",
                   absl::FormatDuration(options_.give_up_after));
  if (call_opened_ && call_ != nullptr) {
    absl::StrAppend(&message, "; it is connected, but step ", window_.next(),
                    " does not come");
  }
  if (failed_calls_ > 0) {
    absl::StrAppend(
        &message, "; ", failed_calls_,
        " connections failed, the last one with: ", last_failure_.ToString(),
        "; check that millraced runs there and that this is the port of its "
        "gRPC services, not of its metrics");
  }
  return absl::UnavailableError(message);
}

}  // namespace millrace::client
