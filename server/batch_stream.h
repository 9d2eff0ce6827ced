// The logic of one StreamBatches call, apart from the wire.
//
//   client: open --------------> worker: compile, reserve memory --> `opened`
//   client: steps (3, 5) --> asked: 3 4 5 6 7
//                              |  while fewer are held than were reserved
//                              v
//                           building --> ready --> writing (one at a time)
//
// A step is built here unless another stream with the same plan, rank and world
// size is building it or has built it: then the batch comes from BatchCache.
//
// Back-pressure: gRPC takes the next message only when the last one has left,
// so a client that stops reading leaves one batch in `writing` and the others
// in `ready`; then nothing more is built. What a stream may hold was reserved
// from the server's budget when it opened: each batch at the most that it can
// become, ragged tensors included.
//
// The stream ends with: OK once the client half-closed and has all it asked
// for; UNAVAILABLE likewise when the server drains; the first error, after what
// was ready; CANCELLED at once when the client is gone.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "base/scheduler.h"
#include "server/batch_builder.h"
#include "server/server_context.h"
#include "server/step_queue.h"
#include "server/stream_opening.h"

namespace millrace {

// What a stream needs of its transport. No call may come back into the stream
// before it returns. Outlives the stream's Finish.
class BatchWire {
 public:
  virtual ~BatchWire() = default;

  // One at a time; answered by OnWritten.
  virtual void Write(grpc::ByteBuffer message) = 0;
  // The last call. No write is under way.
  virtual void Finish(const absl::Status& status) = 0;
  // Ends the call from this side; answered by OnCancel. Repeatable.
  virtual void Cancel() = 0;
};

// Thread-safe. None of the calls blocks.
class BatchStream : public std::enable_shared_from_this<BatchStream> {
 public:
  enum class Reading { kGoOn, kPause };

  // Use with std::make_shared. `peer` is the client's address.
  BatchStream(ServerContext* context, BatchWire* wire, std::string peer);

  // Refuses the call before its first message.
  void Refuse(absl::Status why);

  // From the wire. After kPause it must not read on until OnWritten returns
  // kGoOn: a client whose stream is not open yet can make us hold one message.
  Reading OnMessage(grpc::ByteBuffer message);
  Reading OnWritten(bool ok);
  void OnHalfClose();
  void OnCancel();
  // All is over: gives back memory and plan, logs, counts.
  void OnDone();

  // See LiveCall.
  void Drain();
  void CancelIfStalled(absl::Time since);

 private:
  enum class Phase { kNew, kOpening, kOpen, kFinished };

  // A message that waits to be written, or is being written.
  struct Outgoing {
    grpc::ByteBuffer message;  // Empty once it is the wire's.
    bool is_batch = false;
    uint64_t message_bytes = 0;
    uint64_t tensor_bytes = 0;
    int samples = 0;
  };

  // Decided under the lock, done without it.
  struct Action {
    std::optional<grpc::ByteBuffer> write;
    std::optional<absl::Status> finish;
  };

  void Open(grpc::ByteBuffer first_message);
  void Opened(absl::StatusOr<StreamOpening> opening);
  absl::Status TakeAsk(const v1::StreamBatchesRequest& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnBuilt(BuiltBatch built);
  // One that another stream made, or null: this stream must make it.
  void OnShared(uint64_t step, std::shared_ptr<const SharedBatch> shared);
  void Take(const SharedBatch& shared);

  Action Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void BeginBatches() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<absl::Status> EndStatus() const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Nothing more is built; the first error counts.
  void Fail(absl::Status error) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StopBuilding() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Perform(Action action);
  void LogEnd() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  ServerContext* const context_;
  BatchWire* const wire_;
  const std::string peer_;
  const absl::Time begin_;
  const std::unique_ptr<Scheduler::Lane> opening_lane_;

  Mutex mutex_;
  Phase phase_ ABSL_GUARDED_BY(mutex_) = Phase::kNew;
  StreamOpening opening_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<BatchBuilder> builder_ ABSL_GUARDED_BY(mutex_);
  // Null while nothing is to be built.
  std::unique_ptr<BatchCache::Reader> shared_ ABSL_GUARDED_BY(mutex_);

  StepQueue asked_ ABSL_GUARDED_BY(mutex_);
  // Asked for and not handed to the wire.
  uint64_t outstanding_ ABSL_GUARDED_BY(mutex_) = 0;
  // In the making, here or in another stream.
  size_t building_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<Outgoing> ready_ ABSL_GUARDED_BY(mutex_);
  std::optional<Outgoing> writing_ ABSL_GUARDED_BY(mutex_);
  absl::Time write_begin_ ABSL_GUARDED_BY(mutex_);
  // Batches in ready_ and writing_, and their bytes.
  size_t held_batches_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t held_bytes_ ABSL_GUARDED_BY(mutex_) = 0;

  bool half_closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
  absl::Status end_ ABSL_GUARDED_BY(mutex_);

  uint64_t steps_sent_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t bytes_sent_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace millrace
