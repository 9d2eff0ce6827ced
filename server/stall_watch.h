// Ends calls whose clients stopped reading long ago.
#pragma once

#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "server/server_context.h"

namespace millrace {

// Looks four times in each timeout (at most once a second). A timeout of 0
// watches nothing.
class StallWatch {
 public:
  StallWatch(ServerContext* context, absl::Duration timeout);
  ~StallWatch();

 private:
  void Run(absl::Duration timeout);

  ServerContext* const context_;
  Mutex mutex_;
  CondVar wake_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace millrace
