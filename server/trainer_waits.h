// How much trainers starve, as they themselves tell with each ask: counters
// for Prometheus, one pair for each client name that has a stream open. What a
// name's last stream leaves behind goes with it, so there are no more of them
// than streams.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/registry.h>

#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "base/mutex.h"

namespace millrace {

// Thread-safe. Outlives its trainers.
class TrainerWaits {
 public:
  // The counters of one name.
  class Trainer {
   public:
    // In `elapsed`, the trainer waited for `waited`. What cannot be is cut.
    void Add(absl::Duration elapsed, absl::Duration waited);

   private:
    friend class TrainerWaits;
    prometheus::Counter* seconds_ = nullptr;
    prometheus::Counter* wait_seconds_ = nullptr;
  };

  explicit TrainerWaits(prometheus::Registry* registry);

  // Until the last one for this name is gone.
  std::shared_ptr<Trainer> Join(const std::string& name);

 private:
  void Leave(const std::string& name, const Trainer& trainer);

  prometheus::Family<prometheus::Counter>& seconds_;
  prometheus::Family<prometheus::Counter>& wait_seconds_;

  Mutex mutex_;
  std::map<std::string, std::weak_ptr<Trainer>> trainers_
      ABSL_GUARDED_BY(mutex_);
};

}  // namespace millrace
