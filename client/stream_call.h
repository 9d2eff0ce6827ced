// One StreamBatches RPC: sends requests, hands over the answers' bytes. What
// they mean, and what to do when it ends, is the listener's business.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/client_callback.h"
#include "millrace/v1/millrace.pb.h"

namespace millrace::client {

// Steps first, first + 1, ...; `count` of them.
struct StepRange {
  uint64_t first = 0;
  uint32_t count = 0;
};

// How the trainer has fared since the last report: see AskSteps.
struct WaitReport {
  absl::Duration elapsed;
  absl::Duration waited;
};

// Thread-safe. Must not be destroyed between Start() and OnEnded().
class StreamCall final
    : private grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  // Called from gRPC's threads, with no lock of the call held.
  class Listener {
   public:
    virtual ~Listener() = default;
    // One answer. The next is read meanwhile, so that calls may overlap.
    virtual void OnMessage(const grpc::ByteBuffer& message) = 0;
    // Once, after all else. The call may be destroyed from now on, even while
    // this runs.
    virtual void OnEnded(const absl::Status& status) = 0;
  };

  // `listener` must outlive the call.
  StreamCall(std::shared_ptr<grpc::Channel> channel, Listener* listener);
  ~StreamCall() override = default;
  StreamCall(const StreamCall&) = delete;
  StreamCall& operator=(const StreamCall&) = delete;

  // Opens the stream; once, before all other calls.
  void Start(const v1::OpenStream& open);

  // Asks for steps. Never waits: what cannot be sent at once is queued.
  void Ask(StepRange range, const WaitReport& report);

  // No more Ask() will follow; the server ends the stream after its last
  // answer.
  void FinishAsking();

  // Ends the call soon, with CANCELLED.
  void Cancel();

 private:
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  void Write(const v1::StreamBatchesRequest& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::shared_ptr<grpc::Channel> channel_;
  Listener* const listener_;
  grpc::ClientContext context_;
  // Owned by the one read in flight.
  grpc::ByteBuffer incoming_;

  Mutex mutex_;
  grpc::ByteBuffer outgoing_ ABSL_GUARDED_BY(mutex_);
  std::deque<StepRange> queue_ ABSL_GUARDED_BY(mutex_);
  // Goes with the next ask.
  WaitReport report_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  // No more Ask() will come.
  bool finishing_ ABSL_GUARDED_BY(mutex_) = false;
  // Nothing may be written any more.
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace millrace::client
