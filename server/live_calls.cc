#include "server/live_calls.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace millrace {

absl::Status ShuttingDownError() {
  return absl::UnavailableError(
      "this server is shutting down; use another one, or try again");
}

absl::Status LiveCalls::Add(LiveCall* call) {
  MutexLock lock(&mutex_);
  if (draining_) return ShuttingDownError();
  if (calls_.size() >= limit_) {
    return absl::ResourceExhaustedError(absl::StrCat(
        calls_.size(), " ", what_, " are open, as many as ", limit_name_,
        " allows: try again later, use another "
        "server, or raise the limit"));
  }
  calls_.insert(call);
  return absl::OkStatus();
}

void LiveCalls::Remove(LiveCall* call) {
  MutexLock lock(&mutex_);
  calls_.erase(call);
  if (calls_.empty()) changed_.NotifyAll();
}

void LiveCalls::BeginDrain() {
  MutexLock lock(&mutex_);
  draining_ = true;
  for (LiveCall* call : calls_) call->Drain();
}

bool LiveCalls::WaitUntilNone(absl::Time deadline) {
  MutexLock lock(&mutex_);
  while (!calls_.empty() && !wait_ended_ && absl::Now() < deadline) {
    changed_.WaitUntil(&mutex_, deadline);
  }
  return calls_.empty();
}

void LiveCalls::EndWait() {
  MutexLock lock(&mutex_);
  wait_ended_ = true;
  changed_.NotifyAll();
}

void LiveCalls::CancelStalled(absl::Time since) {
  MutexLock lock(&mutex_);
  for (LiveCall* call : calls_) call->CancelIfStalled(since);
}

size_t LiveCalls::size() const {
  MutexLock lock(&mutex_);
  return calls_.size();
}

}  // namespace millrace
