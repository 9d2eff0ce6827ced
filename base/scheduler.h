// A fair thread pool: the next task is that of the lane which has used the
// least time.
//
//   lane A: [a1 a2 a3]  \
//   lane B: [b1]         >  a1 b1 c1 a2 c2 a3 ...  ->  threads
//   lane C: [c1 c2]     /
//
// A lane is one client's work (one stream). Busy lanes get the same time,
// whatever they have queued and however long their tasks are; lanes with tasks
// of up to 0.1 ms take turns. A task is not interrupted, so cut long work into
// tasks of about 0.1-1 ms. Time in which a lane had nothing to do is not saved
// up.
//
// Source: Goyal, Vin, Cheng, "Start-time fair queueing" (SIGCOMM 1996), with
// the length of a task charged when it has ended.
#pragma once

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"

namespace millrace {

class Scheduler {
 public:
  using Task = absl::AnyInvocable<void()>;
  class Lane;

  // `threads` 0: as many as the machine has cores.
  explicit Scheduler(int threads = 0);
  // Drops what is queued, waits for what is running. Lanes may outlive the
  // scheduler; what they are given then is dropped.
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  std::unique_ptr<Lane> AddLane();

  int threads() const { return static_cast<int>(threads_.size()); }
  // Tasks queued in all lanes, and tasks running: for metrics.
  size_t queued() const;
  size_t running() const;
  // Neither, in one moment: a task that submits the next one never looks idle.
  bool idle() const;

 private:
  struct Core;
  struct Queue;

  std::shared_ptr<Core> core_;
  std::vector<std::thread> threads_;
};

// Thread-safe. Tasks of a lane begin in the order of Submit; several may run at
// the same time. Whoever submits bounds the number of queued tasks.
class Scheduler::Lane {
 public:
  // As Cancel(). Does not wait, so a task may destroy its own lane: what tasks
  // use, they must own (or share).
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  void Submit(Task task);

  // Drops queued tasks, and those submitted from now on. Running ones go on.
  void Cancel();

 private:
  friend class Scheduler;
  Lane(std::shared_ptr<Core> core, std::shared_ptr<Queue> queue);

  std::shared_ptr<Core> core_;
  std::shared_ptr<Queue> queue_;
};

}  // namespace millrace
