#include "server/stall_watch.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace millrace {

StallWatch::StallWatch(ServerContext* context, absl::Duration timeout)
    : context_(context) {
  if (timeout > absl::ZeroDuration()) {
    thread_ = std::thread([this, timeout] { Run(timeout); });
  }
}

StallWatch::~StallWatch() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

void StallWatch::Run(absl::Duration timeout) {
  const absl::Duration interval = std::clamp(timeout / 4, absl::Milliseconds(5),
                                             absl::Duration(absl::Seconds(1)));
  MutexLock lock(&mutex_);
  while (!stopping_) {
    wake_.WaitUntil(&mutex_, absl::Now() + interval);
    const absl::Time since = absl::Now() - timeout;
    context_->streams.CancelStalled(since);
    context_->requests.CancelStalled(since);
  }
}

}  // namespace millrace
