#include "server/stream_reactor.h"

#include <utility>

#include "server/grpc_status.h"

namespace millrace {

StreamReactor::StreamReactor(ServerContext* context,
                             grpc::CallbackServerContext* call)
    : context_(context),
      call_(call),
      stream_(std::make_shared<BatchStream>(context, this, call->peer())) {
  absl::Status admitted = context_->streams.Add(this);
  if (!admitted.ok()) {
    stream_->Refuse(std::move(admitted));
  } else {
    Read();
  }
}

void StreamReactor::Read() {
  MutexLock lock(&mutex_);
  StartRead(&incoming_);
}

void StreamReactor::OnReadDone(bool ok) {
  if (!ok) {
    call_->IsCancelled() ? stream_->OnCancel() : stream_->OnHalfClose();
    return;
  }
  grpc::ByteBuffer message;
  {
    MutexLock lock(&mutex_);
    message.Swap(&incoming_);
  }
  const auto reading = stream_->OnMessage(std::move(message));
  if (reading == BatchStream::Reading::kGoOn) Read();
}

void StreamReactor::OnWriteDone(bool ok) {
  {
    MutexLock lock(&mutex_);
    outgoing_.Clear();  // Frees the tensors that gRPC does not hold itself.
  }
  const auto reading = stream_->OnWritten(ok);
  if (reading == BatchStream::Reading::kGoOn) Read();
}

void StreamReactor::OnCancel() { stream_->OnCancel(); }

void StreamReactor::OnDone() {
  stream_->OnDone();
  context_->streams.Remove(this);
  delete this;
}

void StreamReactor::Write(grpc::ByteBuffer message) {
  MutexLock lock(&mutex_);
  outgoing_.Swap(&message);
  StartWrite(&outgoing_);
}

void StreamReactor::Finish(const absl::Status& status) {
  Wire::Finish(ToGrpc(status));
}

void StreamReactor::Cancel() { call_->TryCancel(); }

}  // namespace millrace
