#include "server/batch_stream.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "server/batch_frame.h"
#include "server/grpc_status.h"

namespace millrace {

namespace {

uint64_t TensorBytes(const HostBatch& batch) {
  uint64_t bytes = 0;
  for (const HostTensor& tensor : batch.tensors) {
    bytes += tensor.data == nullptr ? 0 : tensor.data->size();
  }
  return bytes;
}

grpc::ByteBuffer OpenedMessage(const v1::StreamOpened& opened) {
  v1::StreamBatchesResponse response;
  *response.mutable_opened() = opened;
  return Serialized(response);
}

}  // namespace

BatchStream::BatchStream(ServerContext* context, BatchWire* wire,
                         std::string peer)
    : context_(context),
      wire_(wire),
      peer_(std::move(peer)),
      begin_(absl::Now()),
      opening_lane_(context->scheduler.AddLane()) {}

// --- From the wire ---------------------------------------------------------

void BatchStream::Refuse(absl::Status why) {
  Action action;
  {
    MutexLock lock(&mutex_);
    Fail(std::move(why));
    action = Advance();
  }
  Perform(std::move(action));
}

BatchStream::Reading BatchStream::OnMessage(grpc::ByteBuffer message) {
  {
    MutexLock lock(&mutex_);
    if (phase_ == Phase::kNew && error_.ok() && !cancelled_) {
      phase_ = Phase::kOpening;
      opening_lane_->Submit(
          [self = shared_from_this(), message = std::move(message)]() mutable {
            self->Open(std::move(message));
          });
      return Reading::kPause;
    }
  }
  auto request = ParseStreamRequest(std::move(message));
  Action action;
  {
    MutexLock lock(&mutex_);
    if (phase_ != Phase::kOpen || cancelled_ || !error_.ok()) {
      return Reading::kPause;
    }
    absl::Status status = request.ok() ? TakeAsk(*request) : request.status();
    if (!status.ok()) Fail(std::move(status));
    action = Advance();
  }
  Perform(std::move(action));
  return Reading::kGoOn;
}

BatchStream::Reading BatchStream::OnWritten(bool ok) {
  Action action;
  bool was_opened_message = false;
  {
    MutexLock lock(&mutex_);
    if (!writing_.has_value()) return Reading::kPause;
    const Outgoing written = *std::exchange(writing_, std::nullopt);
    was_opened_message = !written.is_batch;
    if (written.is_batch) {
      --held_batches_;
      held_bytes_ -= written.tensor_bytes;
      context_->metrics.held_bytes.Decrement(
          static_cast<double>(written.tensor_bytes));
    }
    if (!ok) {
      cancelled_ = true;
      StopBuilding();
    } else if (written.is_batch) {
      ++steps_sent_;
      bytes_sent_ += written.message_bytes;
      Metrics& metrics = context_->metrics;
      metrics.steps_sent.Increment();
      metrics.samples_sent.Increment(written.samples);
      metrics.bytes_sent.Increment(static_cast<double>(written.message_bytes));
      metrics.write_seconds.Observe(
          absl::ToDoubleSeconds(absl::Now() - write_begin_));
    }
    action = Advance();
  }
  Perform(std::move(action));
  return ok && was_opened_message ? Reading::kGoOn : Reading::kPause;
}

void BatchStream::OnHalfClose() {
  Action action;
  {
    MutexLock lock(&mutex_);
    half_closed_ = true;
    if (phase_ == Phase::kNew) {
      Fail(absl::InvalidArgumentError(
          "the stream ended before its first message, `open`"));
    }
    action = Advance();
  }
  Perform(std::move(action));
}

void BatchStream::OnCancel() {
  Action action;
  {
    MutexLock lock(&mutex_);
    cancelled_ = true;
    opening_lane_->Cancel();
    StopBuilding();
    action = Advance();
  }
  Perform(std::move(action));
}

void BatchStream::Drain() {
  Action action;
  {
    MutexLock lock(&mutex_);
    draining_ = true;
    action = Advance();
  }
  Perform(std::move(action));
}

void BatchStream::CancelIfStalled(absl::Time since) {
  MutexLock lock(&mutex_);
  if (!writing_.has_value() || write_begin_ > since) return;
  Fail(absl::DeadlineExceededError(
      absl::StrCat("the client has not read for ",
                   absl::FormatDuration(absl::Trunc(absl::Now() - write_begin_,
                                                    absl::Milliseconds(1))))));
  wire_->Cancel();
}

// --- Opening ---------------------------------------------------------------

void BatchStream::Open(grpc::ByteBuffer first_message) {
  Opened(OpenStreamFrom(context_, std::move(first_message)));
}

void BatchStream::Opened(absl::StatusOr<StreamOpening> opening) {
  Action action;
  {
    MutexLock lock(&mutex_);
    if (phase_ != Phase::kOpening) return;  // Cancelled meanwhile.
    if (!opening.ok()) {
      Fail(opening.status());
    } else {
      phase_ = Phase::kOpen;
      opening_ = *std::move(opening);
      builder_ = std::make_unique<BatchBuilder>(
          BatchBuilderOptions{opening_.plan, opening_.rank, opening_.world_size,
                              &context_->scheduler, &context_->pool},
          [weak = weak_from_this()](BuiltBatch built) {
            if (auto self = weak.lock()) self->OnBuilt(std::move(built));
          });
      shared_ = context_->batch_cache.Join(
          {opening_.plan->digest(), opening_.rank, opening_.world_size},
          [weak = weak_from_this()](uint64_t step,
                                    std::shared_ptr<const SharedBatch> shared) {
            if (auto self = weak.lock()) {
              self->OnShared(step, std::move(shared));
            }
          });
      ready_.push_back({OpenedMessage(opening_.answer)});
      context_->metrics.streams_opened.Increment();
      context_->metrics.open_seconds.Observe(
          absl::ToDoubleSeconds(absl::Now() - begin_));
      context_->log.Info(
          "stream opened",
          {{"client", opening_.client},
           {"peer", peer_},
           {"dataset", opening_.plan->datasets()},
           {"plan", absl::StrFormat("%016x", opening_.plan->digest())},
           {"rank", opening_.rank},
           {"world_size", opening_.world_size},
           {"batch_bytes", opening_.answer.batch_bytes()},
           {"batches_ahead", opening_.memory->batches()}});
    }
    action = Advance();
  }
  Perform(std::move(action));
}

// --- Steps -----------------------------------------------------------------

absl::Status BatchStream::TakeAsk(const v1::StreamBatchesRequest& request) {
  if (!request.has_steps()) {
    return absl::InvalidArgumentError(
        request.has_open() ? "this stream is open already: `open` comes once"
                           : "a message must hold `open` or `steps`");
  }
  const uint64_t first = request.steps().first_step();
  const uint64_t count = request.steps().count();
  const uint64_t limit = context_->config.limits().max_outstanding_steps();
  if (count == 0) {
    return absl::InvalidArgumentError("steps.count must be at least 1");
  }
  if (first > std::numeric_limits<uint64_t>::max() - count) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no step ", first, " + ", count));
  }
  if (count > limit - outstanding_) {
    return absl::InvalidArgumentError(
        absl::StrCat("the client asked for ", count, " steps while ",
                     outstanding_, " were outstanding; together at most ",
                     limit, " (limits.max_outstanding_steps, see `opened`)"));
  }
  const v1::AskSteps& ask = request.steps();
  opening_.trainer->Add(absl::Microseconds(ask.elapsed_microseconds()),
                        absl::Microseconds(ask.waited_microseconds()));
  if (draining_) return absl::OkStatus();  // UNAVAILABLE follows.
  asked_.Add(first, count);
  outstanding_ += count;
  return absl::OkStatus();
}

void BatchStream::BeginBatches() {
  while (!asked_.empty() &&
         held_batches_ + building_ < opening_.memory->batches()) {
    ++building_;
    const uint64_t step = asked_.Pop();
    if (shared_->Want(step)) builder_->Add(step);
  }
}

void BatchStream::OnBuilt(BuiltBatch built) {
  std::shared_ptr<SharedBatch> shared;
  if (built.batch.ok()) {
    const uint64_t bytes = TensorBytes(*built.batch);
    shared = std::make_shared<SharedBatch>(
        SharedBatch{*std::move(built.batch), built.samples, bytes});
    Metrics& metrics = context_->metrics;
    metrics.build_seconds.Observe(absl::ToDoubleSeconds(built.elapsed));
    metrics.sample_seconds.Increment(absl::ToDoubleSeconds(built.busy));
  }
  {
    MutexLock lock(&mutex_);
    // Forgotten while it was built: the error or cancellation came first.
    if (phase_ != Phase::kOpen || building_ == 0) return;
    if (shared != nullptr) {
      shared_->Made(built.step, shared);
    } else {
      shared_->Failed(built.step);
    }
  }
  if (shared != nullptr) return Take(*shared);
  Action action;
  {
    MutexLock lock(&mutex_);
    if (phase_ != Phase::kOpen || building_ == 0) return;
    Fail(built.batch.status());
    action = Advance();
  }
  Perform(std::move(action));
}

void BatchStream::OnShared(uint64_t step,
                           std::shared_ptr<const SharedBatch> shared) {
  if (shared != nullptr) return Take(*shared);
  MutexLock lock(&mutex_);
  if (phase_ == Phase::kOpen && building_ > 0) builder_->Add(step);
}

void BatchStream::Take(const SharedBatch& shared) {
  Outgoing outgoing;
  outgoing.is_batch = true;
  outgoing.tensor_bytes = shared.tensor_bytes;
  outgoing.samples = shared.samples;
  absl::StatusOr<grpc::ByteBuffer> message = FrameBatch(shared.batch);
  if (message.ok()) {
    outgoing.message_bytes = message->Length();
    outgoing.message = *std::move(message);
  }
  Action action;
  {
    MutexLock lock(&mutex_);
    if (phase_ != Phase::kOpen || building_ == 0) return;
    --building_;
    if (message.ok()) {
      ++held_batches_;
      held_bytes_ += outgoing.tensor_bytes;
      context_->metrics.held_bytes.Increment(
          static_cast<double>(outgoing.tensor_bytes));
      ready_.push_back(std::move(outgoing));
    } else {
      Fail(message.status());
    }
    action = Advance();
  }
  Perform(std::move(action));
}

// --- What next -------------------------------------------------------------

BatchStream::Action BatchStream::Advance() {
  Action action;
  if (phase_ == Phase::kFinished) return action;
  if (cancelled_) ready_.clear();
  if (!writing_.has_value() && !ready_.empty()) {
    writing_ = std::move(ready_.front());
    ready_.pop_front();
    write_begin_ = absl::Now();
    if (writing_->is_batch) --outstanding_;
    action.write = std::move(writing_->message);
  }
  if (phase_ == Phase::kOpen) BeginBatches();
  if (std::optional<absl::Status> end = EndStatus()) {
    phase_ = Phase::kFinished;
    StopBuilding();
    end_ = *end;
    action.finish = std::move(end);
  }
  return action;
}

std::optional<absl::Status> BatchStream::EndStatus() const {
  if (writing_.has_value()) return std::nullopt;
  if (!error_.ok()) return error_;  // ready_ is empty: else we would write.
  if (cancelled_) return absl::CancelledError("the client is gone");
  if (draining_ && phase_ != Phase::kOpen) return ShuttingDownError();
  if (phase_ != Phase::kOpen || outstanding_ > 0) return std::nullopt;
  if (half_closed_) return absl::OkStatus();
  if (draining_) return ShuttingDownError();
  return std::nullopt;
}

void BatchStream::Fail(absl::Status error) {
  if (error_.ok()) error_ = std::move(error);
  StopBuilding();
}

void BatchStream::StopBuilding() {
  asked_.Clear();
  building_ = 0;
  if (builder_ != nullptr) builder_->Cancel();
  shared_.reset();
}

void BatchStream::Perform(Action action) {
  if (action.write.has_value()) wire_->Write(*std::move(action.write));
  if (action.finish.has_value()) wire_->Finish(*action.finish);
}

// --- The end ---------------------------------------------------------------

void BatchStream::OnDone() {
  StreamOpening opening;  // Destroyed outside the lock.
  std::unique_ptr<BatchBuilder> builder;
  MutexLock lock(&mutex_);
  LogEnd();
  context_->metrics.StreamEnded(end_);
  context_->metrics.held_bytes.Decrement(static_cast<double>(held_bytes_));
  opening = std::move(opening_);
  builder = std::move(builder_);
}

void BatchStream::LogEnd() {
  const double seconds = absl::ToDoubleSeconds(absl::Now() - begin_);
  const std::string code = absl::StatusCodeToString(end_.code());
  if (opening_.plan == nullptr) {
    context_->log.Warning(
        "stream refused",
        {{"peer", peer_}, {"status", code}, {"why", end_.message()}});
    return;
  }
  const bool faulty = !end_.ok() && !absl::IsCancelled(end_);
  context_->log.Write(
      faulty ? LogLevel::kWarning : LogLevel::kInfo, "stream closed",
      {{"client", opening_.client},
       {"peer", peer_},
       {"dataset", opening_.plan->datasets()},
       {"plan", absl::StrFormat("%016x", opening_.plan->digest())},
       {"rank", opening_.rank},
       {"world_size", opening_.world_size},
       {"steps", steps_sent_},
       {"bytes", bytes_sent_},
       {"seconds", seconds},
       {"status", code},
       {"why", end_.message()}});
}

}  // namespace millrace
