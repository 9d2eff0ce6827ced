#include "base/scheduler.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <iterator>
#include <tuple>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"

namespace millrace {

namespace {

using Clock = std::chrono::steady_clock;

// What every task is charged, so that lanes of shorter tasks take turns.
constexpr Clock::duration kLeastCharge = std::chrono::microseconds(100);

}  // namespace

// A lane's tasks. Guarded by the core's mutex, as are all queues.
struct Scheduler::Queue {
  std::deque<Task> tasks;
  bool cancelled = false;
  // While it is in the heap of ready queues, it is compared by these two, and
  // what running tasks cost is only owed.
  Clock::duration used{};
  uint64_t turn = 0;
  bool ready = false;
  Clock::duration owed{};
};

struct Scheduler::Core {
  struct After {
    bool operator()(const std::shared_ptr<Queue>& a,
                    const std::shared_ptr<Queue>& b) const {
      return std::tie(a->used, a->turn) > std::tie(b->used, b->turn);
    }
  };

  mutable Mutex mutex;
  CondVar wake;
  // A heap of the queues that have tasks, each once.
  std::vector<std::shared_ptr<Queue>> ready ABSL_GUARDED_BY(mutex);
  // By the lane that was served last: where those that were idle begin.
  Clock::duration used ABSL_GUARDED_BY(mutex){};
  uint64_t turns ABSL_GUARDED_BY(mutex) = 0;
  size_t queued ABSL_GUARDED_BY(mutex) = 0;
  size_t running ABSL_GUARDED_BY(mutex) = 0;
  size_t idle_threads ABSL_GUARDED_BY(mutex) = 0;
  bool stopping ABSL_GUARDED_BY(mutex) = false;

  void Run();
  void MakeReady(std::shared_ptr<Queue> queue)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
  // The queue whose task it is; null: there is none.
  std::shared_ptr<Queue> Take(Task* task) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex);
};

void Scheduler::Core::MakeReady(std::shared_ptr<Queue> queue) {
  if (queue->ready || queue->tasks.empty()) return;
  queue->ready = true;
  queue->used += std::exchange(queue->owed, Clock::duration::zero());
  queue->used = std::max(queue->used, used);
  queue->turn = turns++;
  ready.push_back(std::move(queue));
  std::push_heap(ready.begin(), ready.end(), After());
}

std::shared_ptr<Scheduler::Queue> Scheduler::Core::Take(Task* task) {
  while (!ready.empty()) {
    std::pop_heap(ready.begin(), ready.end(), After());
    std::shared_ptr<Queue> queue = std::move(ready.back());
    ready.pop_back();
    queue->ready = false;
    if (queue->tasks.empty()) continue;  // Cancelled meanwhile.
    if (queue->owed > Clock::duration::zero()) {
      MakeReady(std::move(queue));  // Behind others, perhaps.
      continue;
    }
    used = queue->used;
    queue->used += kLeastCharge;
    *task = std::move(queue->tasks.front());
    queue->tasks.pop_front();
    --queued;
    MakeReady(queue);
    return queue;
  }
  return nullptr;
}

void Scheduler::Core::Run() {
  while (true) {
    Task task;
    std::shared_ptr<Queue> queue;
    {
      MutexLock lock(&mutex);
      while (!stopping && (queue = Take(&task)) == nullptr) {
        ++idle_threads;
        wake.Wait(&mutex);
        --idle_threads;
      }
      if (stopping) return;
      ++running;
    }
    const Clock::time_point begin = Clock::now();
    task();
    task = nullptr;  // What it owns may be large, or take our lock to go.
    const Clock::duration took = Clock::now() - begin;
    MutexLock lock(&mutex);
    if (took > kLeastCharge) queue->owed += took - kLeastCharge;
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
    core_->MakeReady(queue_);
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
