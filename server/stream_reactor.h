// StreamBatches on gRPC's callback API: hands everything to a BatchStream.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <memory>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "server/batch_stream.h"
#include "server/live_calls.h"
#include "server/server_context.h"

namespace millrace {

// Messages are raw bytes: batches are framed by hand (server/batch_frame.h).
// Owns itself: deleted in OnDone.
class StreamReactor final
    : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
      public BatchWire,
      public LiveCall {
 public:
  StreamReactor(ServerContext* context, grpc::CallbackServerContext* call);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  // BatchWire
  void Write(grpc::ByteBuffer message) override;
  void Finish(const absl::Status& status) override;
  void Cancel() override;

  // LiveCall
  void Drain() override { stream_->Drain(); }
  void CancelIfStalled(absl::Time since) override {
    stream_->CancelIfStalled(since);
  }

 private:
  void Read();

  using Wire = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

  ServerContext* const context_;
  grpc::CallbackServerContext* const call_;
  const std::shared_ptr<BatchStream> stream_;

  // What gRPC reads into and writes from between Start... and On...Done, which
  // never run inside each other.
  Mutex mutex_;
  grpc::ByteBuffer incoming_ ABSL_GUARDED_BY(mutex_);
  grpc::ByteBuffer outgoing_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace millrace
