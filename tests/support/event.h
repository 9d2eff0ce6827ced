// Something that happens once. Like absl::Notification, but ThreadSanitizer
// sees it (docs/decisions/0002-mutex.md).
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/mutex.h"

namespace millrace {

class Event {
 public:
  void Notify() {
    MutexLock lock(&mutex_);
    happened_ = true;
    changed_.NotifyAll();
  }

  void Wait() {
    MutexLock lock(&mutex_);
    while (!happened_) changed_.Wait(&mutex_);
  }

  // False if it did not happen in time.
  bool WaitFor(absl::Duration timeout) {
    const absl::Time deadline = absl::Now() + timeout;
    MutexLock lock(&mutex_);
    while (!happened_ && absl::Now() < deadline) {
      changed_.WaitUntil(&mutex_, deadline);
    }
    return happened_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool happened_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace millrace
