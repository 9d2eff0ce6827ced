// The BatchStream of batch_stream.h.
//
//   trainer ---Next()--->  StepWindow  <---OnMessage--- StreamCall (gRPC)
//                              ^                             ^
//                              +------- keeper thread -------+
//
// The keeper thread owns the connection: it opens a call, waits until it ends,
// and decides whether to open another. Batches are parsed on gRPC's threads, so
// that they are ready when the trainer asks. Everything meets under one mutex;
// no bytes are copied while it is held.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/buffer_pool.h"
#include "base/mutex.h"
#include "client/backoff.h"
#include "client/batch_parse.h"
#include "client/batch_stream.h"
#include "client/step_window.h"
#include "client/stream_call.h"

namespace millrace::client {

// True if the same request may well succeed later or elsewhere.
bool IsRetryable(const absl::Status& status);

class ResumingStream final : public BatchStream, private StreamCall::Listener {
 public:
  // `options` must be valid. Starts to connect.
  explicit ResumingStream(BatchStreamOptions options);
  ~ResumingStream() override;

  // Waits for the server's answer to the plan. As BatchStream::Open().
  absl::Status WaitUntilOpened();

  const v1::StreamOpened& opened() const override;
  v1::StreamState State() const override;
  absl::StatusOr<ReceivedBatch> Next() override;
  void Cancel() override;
  StreamStats stats() const override;

 private:
  // --- The keeper thread ---
  void Keep();
  // Opens a call and waits for its end.
  absl::Status RunCall();
  v1::OpenStream OpenRequest() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What the end of a call means; OK: the keeper is done.
  absl::Status Judge(const absl::Status& ended);
  void WaitBeforeRetry(absl::Duration wait);

  // --- gRPC's threads ---
  void OnMessage(const grpc::ByteBuffer& message) override;
  void OnEnded(const absl::Status& status) override;
  absl::Status Handle(const grpc::ByteBuffer& message);
  absl::Status HandleOpened(v1::StreamOpened opened);
  absl::Status HandleBatch(const BatchLayout& layout);
  absl::Status FirstOpening(v1::StreamOpened opened)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckReopening(const v1::StreamOpened& opened) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // --- Any thread ---
  // Asks for what the window wants.
  void Ask() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The stream's last word, unless there was one before.
  void End(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Waits for a change; ends the stream if `since` or the last step is
  // give_up_after ago.
  void WaitForChange(absl::Time since) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // If all steps have come, gives the server a moment to end the call itself,
  // so that it does not count a client that went away.
  void WaitForGoodbye();
  absl::Status GaveUp() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const BatchStreamOptions options_;

  mutable Mutex mutex_;
  CondVar changed_;
  StepWindow window_ ABSL_GUARDED_BY(mutex_);
  // Not OK: nothing goes on after this, but batches at hand are handed out.
  absl::Status final_ ABSL_GUARDED_BY(mutex_);
  StreamStats stats_ ABSL_GUARDED_BY(mutex_);
  absl::Time last_step_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();

  // Set by the first opening, constant afterwards.
  std::unique_ptr<const v1::StreamOpened> opened_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<BufferPool> pool_ ABSL_GUARDED_BY(mutex_);

  // The connection now, if any, and the ones before.
  std::unique_ptr<StreamCall> call_ ABSL_GUARDED_BY(mutex_);
  bool call_opened_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> call_ended_ ABSL_GUARDED_BY(mutex_);
  uint64_t call_steps_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t failed_calls_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status last_failure_ ABSL_GUARDED_BY(mutex_);

  Backoff backoff_;  // The keeper's alone.
  std::thread keeper_;
};

}  // namespace millrace::client
