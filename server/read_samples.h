// ReadSamples: original bytes and annotations of chosen samples.
//
// Alternates between a worker, which reads the next few samples, and gRPC,
// which writes them one by one; so a client that does not read holds one chunk.
#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <deque>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "base/scheduler.h"
#include "millrace/v1/millrace.pb.h"
#include "server/live_calls.h"
#include "server/server_context.h"
#include "storage/sample_store.h"

namespace millrace {

// Owns itself: deleted in OnDone. `request` lives as long.
class ReadSamplesReactor final
    : public grpc::ServerWriteReactor<v1::ReadSamplesResponse>,
      public LiveCall {
 public:
  ReadSamplesReactor(ServerContext* context, grpc::CallbackServerContext* call,
                     const v1::ReadSamplesRequest* request);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

  // LiveCall. It has an end, so draining lets it go on.
  void Drain() override {}
  void CancelIfStalled(absl::Time since) override;

 private:
  void ReadChunk();
  // Both read the disk: on a worker, without the lock.
  absl::Status FillChunk(std::deque<v1::ReadSamplesResponse>* chunk);
  absl::StatusOr<v1::ReadSamplesResponse> ReadOne(size_t index);
  // Writes what is read, else reads on, else ends the call.
  void Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  ServerContext* const context_;
  grpc::CallbackServerContext* const call_;
  const v1::ReadSamplesRequest* const request_;
  const size_t total_;
  const std::unique_ptr<Scheduler::Lane> lane_;

  // Of the one chunk that is read at a time; its worker hands them to the next
  // one under the lock.
  std::shared_ptr<const SampleStore> store_;
  // Ordinals first, then keys.
  size_t next_ = 0;

  Mutex mutex_;
  std::deque<v1::ReadSamplesResponse> chunk_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Time write_begin_ ABSL_GUARDED_BY(mutex_);
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  // Sent after what was read before it.
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
  absl::Status end_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace millrace
