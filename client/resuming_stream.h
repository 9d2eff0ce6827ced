// The BatchStream of batch_stream.h.
//
//                                 +-- Link --- StreamCall --- server
//   trainer --Next()-- StepWindow +-- Link --- StreamCall --- server
//                          |      +-- Link --- ...
//                       Balancer (who is asked for what)
//
// A Link is a connection to one server, with what it takes to make it again.
// The keeper thread owns all of them: it opens calls, judges how they ended,
// decides when to try again, and hedges. Batches are parsed and copied on
// gRPC's threads, so that they are ready when the trainer asks. Everything
// meets under one mutex; no bytes are copied while it is held.
//
// A link that fails is tried again, at once elsewhere. A server's refusal
// (NOT_FOUND, another plan's digest, what it sends is no answer) is final only
// if no other server does better: its link is set aside, and looked at again
// after max_backoff.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/buffer_pool.h"
#include "base/mutex.h"
#include "client/audit_log.h"
#include "client/balancer.h"
#include "client/batch_parse.h"
#include "client/batch_stream.h"
#include "client/endpoint_list.h"
#include "client/server_link.h"
#include "client/step_window.h"
#include "client/stream_call.h"

namespace millrace::client {

// True if the same request may well succeed later or elsewhere.
bool IsRetryable(const absl::Status& status);

// Since some moment. A machine that was suspended, or whose clock was set, has
// not waited for anybody.
absl::Duration TimeAwake();

class ResumingStream final : public BatchStream, private ServerLink::Owner {
 public:
  // `options` must be valid. Starts to connect.
  explicit ResumingStream(BatchStreamOptions options,
                          EndpointList::Resolver resolver = LookUp);
  ~ResumingStream() override;

  absl::Status WaitUntilOpened(
      absl::Time deadline = absl::InfiniteFuture()) override;

  const v1::StreamOpened& opened() const override;
  v1::StreamState State() const override;
  absl::StatusOr<ReceivedBatch> NextBefore(absl::Time deadline) override;
  void Cancel() override;
  StreamStats stats() const override;

 private:
  using Links = std::vector<std::unique_ptr<ServerLink>>;
  // What the keeper tells the world once it holds no lock.
  using News = std::vector<absl::Status>;

  // --- The keeper thread ---
  void Keep();
  // Does what is to be done now.
  News Tend(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  v1::OpenStream OpenRequest() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // `status`, with the server's name if there are several.
  absl::Status Named(const ServerLink& link, const absl::Status& status) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What the end of a link's call means.
  void Judge(ServerLink* link, absl::Time now, News* news)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Ends the stream if no server is left that may do better than refuse.
  void JudgeAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Hedge(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Time NextTending() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Cancels all calls and waits for their ends.
  void EndCalls();

  // --- The list's thread ---
  void OnAddresses(const std::vector<ServerAddress>& addresses,
                   const absl::Status& problem);

  // --- gRPC's threads ---
  void OnMessage(ServerLink* link, const grpc::ByteBuffer& message) override;
  void OnEnded(ServerLink* link, const absl::Status& status) override;
  absl::Status Handle(ServerLink* link, const grpc::ByteBuffer& message);
  absl::Status HandleOpened(ServerLink* link, v1::StreamOpened opened);
  absl::Status HandleBatch(ServerLink* link, const BatchLayout& layout);
  absl::Status FirstOpening(v1::StreamOpened opened)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status CheckReopening(const ServerLink& link,
                              const v1::StreamOpened& opened) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The server has opened the stream: it gets steps from now on.
  void Join(ServerLink* link, uint32_t max_outstanding)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Receive(ServerLink* link, ReceivedBatch batch, bool hedge)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Of a batch that is here, copied or to be copied: false if it is of no use,
  // having come from elsewhere before.
  absl::StatusOr<bool> CheckAsked(const ServerLink& link, uint64_t step) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // --- The trainer's thread ---
  // The next batch, which stays in the window.
  absl::StatusOr<const ReceivedBatch*> WaitForNext(absl::Time deadline);

  // --- Any thread ---
  // Asks for what the window wants.
  void Ask(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  ServerLink* FindLink(int id) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // As many steps ahead as their number and their bytes allow.
  uint32_t Depth() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What servers hear of how the trainer fares.
  WaitReport TakeWaitReport(absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The stream's last word, unless there was one before.
  void End(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Waits for a change, up to `deadline`; ends the stream if `since`, of
  // TimeAwake(), and the last step are give_up_after ago.
  void WaitForChange(absl::Duration since, absl::Time deadline)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // If all steps have come, gives the servers a moment to end the calls
  // themselves, so that they do not count a client that went away.
  void WaitForGoodbye();
  bool AnyCall() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status GaveUp() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const BatchStreamOptions options_;
  // Of TimeAwake(), as are the other two that giving up depends on.
  const absl::Duration begin_;

  mutable Mutex mutex_;
  // For the trainer: a batch has come, or an end. For the keeper: something is
  // to be tended to.
  CondVar changed_;
  CondVar keeper_wakes_;
  StepWindow window_ ABSL_GUARDED_BY(mutex_);
  Balancer balancer_ ABSL_GUARDED_BY(mutex_);
  Links links_ ABSL_GUARDED_BY(mutex_);
  int next_link_ ABSL_GUARDED_BY(mutex_) = 0;
  // Over all links, also those that are gone.
  uint64_t failed_calls_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status last_failure_ ABSL_GUARDED_BY(mutex_);
  // Of names that could not be looked up.
  absl::Status lookup_problem_ ABSL_GUARDED_BY(mutex_);
  // Not OK: nothing goes on after this, but batches at hand are handed out.
  absl::Status final_ ABSL_GUARDED_BY(mutex_);
  StreamStats stats_ ABSL_GUARDED_BY(mutex_);
  // Since when Next() has been asked for the batch that it still waits for.
  absl::Duration waiting_since_ ABSL_GUARDED_BY(mutex_) =
      absl::InfiniteDuration();
  absl::Duration last_step_ ABSL_GUARDED_BY(mutex_) = -absl::InfiniteDuration();
  // Of batches so far, with their annotations.
  uint64_t largest_batch_ ABSL_GUARDED_BY(mutex_) = 0;

  // Since when Next() waits, if it does.
  absl::Time in_next_since_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
  // What servers were told of the trainer's waiting.
  absl::Time reported_at_ ABSL_GUARDED_BY(mutex_);
  absl::Duration reported_wait_ ABSL_GUARDED_BY(mutex_);

  // Set by the first opening, constant afterwards.
  std::unique_ptr<const v1::StreamOpened> opened_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<BufferPool> pool_ ABSL_GUARDED_BY(mutex_);

  // The trainer's thread alone.
  std::optional<AuditLog> audit_;

  // Calls OnAddresses; must not be called with the mutex held. The keeper's.
  std::unique_ptr<EndpointList> endpoints_;
  std::thread keeper_;
};

}  // namespace millrace::client
