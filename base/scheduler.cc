#include "base/scheduler.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"

namespace millrace {

// A lane's tasks. Guarded by the core's mutex, as are all queues.
struct Scheduler::Queue {
  std::deque<Task> tasks;
  bool cancelled = false;
};

struct Scheduler::Core {
  mutable Mutex mutex;
  CondVar wake;
  // Queues that have tasks, each once: the turn order.
  std::deque<std::shared_ptr<Queue>> ready ABSL_GUARDED_BY(mutex);
  size_t queued ABSL_GUARDED_BY(mutex) = 0;
  size_t running ABSL_GUARDED_BY(mutex) = 0;
  size_t idle_threads ABSL_GUARDED_BY(mutex) = 0;
  bool stopping ABSL_GUARDED_BY(mutex) = false;

  void Run();
  bool Take(Task* task) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
};

bool Scheduler::Core::Take(Task* task) {
  while (!ready.empty()) {
    std::shared_ptr<Queue> queue = std::move(ready.front());
    ready.pop_front();
    if (queue->tasks.empty()) continue;  // Cancelled meanwhile.
    *task = std::move(queue->tasks.front());
    queue->tasks.pop_front();
    --queued;
    if (!queue->tasks.empty()) ready.push_back(std::move(queue));
    return true;
  }
  return false;
}

void Scheduler::Core::Run() {
  while (true) {
    Task task;
    {
      MutexLock lock(&mutex);
      while (!stopping && !Take(&task)) {
        ++idle_threads;
        wake.Wait(&mutex);
        --idle_threads;
      }
      if (stopping) return;
      ++running;
    }
    task();
    task = nullptr;  // What it owns may be large, or take our lock to go.
    MutexLock lock(&mutex);
    --running;
  }
}

Scheduler::Scheduler(int threads) : core_(std::make_shared<Core>()) {
  const int count =
      threads > 0
          ? threads
          : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  threads_.reserve(count);
  for (int i = 0; i < count; ++i) {
    threads_.emplace_back([core = core_] { core->Run(); });
  }
}

Scheduler::~Scheduler() {
  {
    MutexLock lock(&core_->mutex);
    core_->stopping = true;
  }
  core_->wake.NotifyAll();
  for (std::thread& thread : threads_) thread.join();
  // Tasks are destroyed outside the lock: they may own lanes.
  std::vector<Task> dropped;
  MutexLock lock(&core_->mutex);
  for (const auto& queue : core_->ready) {
    std::move(queue->tasks.begin(), queue->tasks.end(),
              std::back_inserter(dropped));
    queue->tasks.clear();
  }
  core_->ready.clear();
  core_->queued = 0;
}

std::unique_ptr<Scheduler::Lane> Scheduler::AddLane() {
  return std::unique_ptr<Lane>(new Lane(core_, std::make_shared<Queue>()));
}

size_t Scheduler::queued() const {
  MutexLock lock(&core_->mutex);
  return core_->queued;
}

size_t Scheduler::running() const {
  MutexLock lock(&core_->mutex);
  return core_->running;
}

bool Scheduler::idle() const {
  MutexLock lock(&core_->mutex);
  return core_->queued + core_->running == 0;
}

Scheduler::Lane::Lane(std::shared_ptr<Core> core, std::shared_ptr<Queue> queue)
    : core_(std::move(core)), queue_(std::move(queue)) {}

Scheduler::Lane::~Lane() { Cancel(); }

void Scheduler::Lane::Submit(Task task) {
  bool wake = false;
  {
    MutexLock lock(&core_->mutex);
    if (queue_->cancelled || core_->stopping) return;
    queue_->tasks.push_back(std::move(task));
    ++core_->queued;
    if (queue_->tasks.size() == 1) core_->ready.push_back(queue_);
    wake = core_->idle_threads > 0;
  }
  if (wake) core_->wake.NotifyOne();
}

void Scheduler::Lane::Cancel() {
  std::deque<Task> dropped;  // Destroyed after the lock is free.
  MutexLock lock(&core_->mutex);
  queue_->cancelled = true;
  core_->queued -= queue_->tasks.size();
  dropped.swap(queue_->tasks);
}

}  // namespace millrace
