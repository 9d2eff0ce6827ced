#include "client/stream_call.h"

#include <string>
#include <utility>

#include "client/channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/support/slice.h"

namespace millrace::client {

namespace {

constexpr char kMethod[] = "/millrace.v1.Millrace/StreamBatches";

grpc::ByteBuffer Serialize(const v1::StreamBatchesRequest& request) {
  const grpc::Slice slice(request.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace

StreamCall::StreamCall(std::shared_ptr<grpc::Channel> channel,
                       Listener* listener)
    : channel_(std::move(channel)), listener_(listener) {}

void StreamCall::Start(const v1::OpenStream& open) {
  grpc::GenericStub stub(channel_);
  MutexLock lock(&mutex_);
  stub.PrepareBidiStreamingCall(&context_, kMethod, {}, this);
  // Asks come from other threads than gRPC's. The hold goes when reading ends.
  AddHold();
  v1::StreamBatchesRequest request;
  *request.mutable_open() = open;
  Write(request);
  StartRead(&incoming_);
  StartCall();
}

void StreamCall::Ask(StepRange range, const WaitReport& report) {
  MutexLock lock(&mutex_);
  report_.elapsed += report.elapsed;
  report_.waited += report.waited;
  if (!queue_.empty() &&
      queue_.back().first + queue_.back().count == range.first) {
    queue_.back().count += range.count;
  } else {
    queue_.push_back(range);
  }
  WriteNext();
}

void StreamCall::FinishAsking() {
  MutexLock lock(&mutex_);
  finishing_ = true;
  WriteNext();
}

void StreamCall::Cancel() { context_.TryCancel(); }

void StreamCall::Write(const v1::StreamBatchesRequest& request) {
  outgoing_ = Serialize(request);
  writing_ = true;
  StartWrite(&outgoing_);
}

void StreamCall::WriteNext() {
  if (writing_ || closed_) return;
  if (!queue_.empty()) {
    v1::StreamBatchesRequest request;
    v1::AskSteps* const ask = request.mutable_steps();
    ask->set_first_step(queue_.front().first);
    ask->set_count(queue_.front().count);
    ask->set_elapsed_microseconds(absl::ToInt64Microseconds(report_.elapsed));
    ask->set_waited_microseconds(absl::ToInt64Microseconds(report_.waited));
    report_ = {};
    queue_.pop_front();
    Write(request);
  } else if (finishing_) {
    closed_ = true;
    StartWritesDone();
  }
}

void StreamCall::OnReadDone(bool ok) {
  grpc::ByteBuffer message;
  {
    MutexLock lock(&mutex_);
    if (!ok) {
      closed_ = true;
      RemoveHold();
      return;
    }
    message.Swap(&incoming_);
    StartRead(&incoming_);
  }
  listener_->OnMessage(message);
}

void StreamCall::OnWriteDone(bool ok) {
  MutexLock lock(&mutex_);
  writing_ = false;
  if (!ok) closed_ = true;
  WriteNext();
}

void StreamCall::OnDone(const grpc::Status& status) {
  listener_->OnEnded(FromGrpc(status));
}

}  // namespace millrace::client
