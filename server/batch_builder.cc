#include "server/batch_builder.h"

#include <algorithm>
#include <list>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/time/clock.h"
#include "base/mutex.h"

namespace millrace {

namespace {

// What a worker's turn should take.
constexpr absl::Duration kTurn = absl::Microseconds(100);
constexpr int kMaxSamplesPerTurn = 256;

struct Build {
  uint64_t step = 0;
  absl::Time added;
  // Null until one worker has started it.
  std::unique_ptr<BatchAssembly> assembly;
  bool starting = false;
  int next = 0;
  int unfinished = 0;
  absl::Duration busy;

  bool HasWork() const {
    return assembly == nullptr ? !starting : next < assembly->num_samples();
  }
};

using Builds = std::list<std::shared_ptr<Build>>;

}  // namespace

class BatchBuilder::State : public std::enable_shared_from_this<State> {
 public:
  State(BatchBuilderOptions options, Done done)
      : max_workers_(options.scheduler->threads()),
        pool_(options.pool),
        rank_(options.rank),
        world_size_(options.world_size),
        lane_(options.scheduler->AddLane()),
        plan_(std::move(options.plan)),
        done_(std::make_shared<const Done>(std::move(done))) {}

  void Add(uint64_t step);
  void Cancel();

 private:
  // A share of a batch that one worker makes in one turn.
  struct Turn {
    std::shared_ptr<Build> build;
    int first = 0;
    int count = 0;  // 0: start the build.
  };

  void CallWorkers() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Work();
  Turn Take() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Start(const std::shared_ptr<Build>& build);
  void MakeSamples(const Turn& turn);
  // Takes the build off the list. Null if that happened already, or cancelled.
  std::shared_ptr<const Done> Remove(const std::shared_ptr<Build>& build)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Fail(const std::shared_ptr<Build>& build, absl::Status error);

  const int max_workers_;
  BufferPool* const pool_;
  const uint32_t rank_;
  const uint32_t world_size_;
  const std::unique_ptr<Scheduler::Lane> lane_;

  Mutex mutex_;
  std::shared_ptr<const CompiledPlan> plan_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const Done> done_ ABSL_GUARDED_BY(mutex_);
  Builds builds_ ABSL_GUARDED_BY(mutex_);
  // Turns queued or running.
  int workers_ ABSL_GUARDED_BY(mutex_) = 0;
  int samples_per_turn_ ABSL_GUARDED_BY(mutex_) = 1;
};

void BatchBuilder::State::Add(uint64_t step) {
  MutexLock lock(&mutex_);
  if (done_ == nullptr) return;
  auto build = std::make_shared<Build>();
  build->step = step;
  build->added = absl::Now();
  builds_.push_back(std::move(build));
  CallWorkers();
}

void BatchBuilder::State::Cancel() {
  lane_->Cancel();
  Builds builds;  // Destroyed outside the lock.
  std::shared_ptr<const CompiledPlan> plan;
  std::shared_ptr<const Done> done;
  MutexLock lock(&mutex_);
  builds.swap(builds_);
  plan.swap(plan_);
  done.swap(done_);
}

// At most one worker for each turn that could be taken now.
void BatchBuilder::State::CallWorkers() {
  int turns = 0;
  for (const auto& build : builds_) {
    if (turns >= max_workers_) break;
    if (!build->HasWork()) continue;
    turns += build->assembly == nullptr
                 ? 1
                 : (build->assembly->num_samples() - build->next +
                    samples_per_turn_ - 1) /
                       samples_per_turn_;
  }
  for (; workers_ < std::min(turns, max_workers_); ++workers_) {
    lane_->Submit([self = shared_from_this()] { self->Work(); });
  }
}

void BatchBuilder::State::Work() {
  Turn turn;
  {
    MutexLock lock(&mutex_);
    turn = Take();
  }
  if (turn.build != nullptr) {
    turn.count == 0 ? Start(turn.build) : MakeSamples(turn);
  }
  MutexLock lock(&mutex_);
  --workers_;
  CallWorkers();
}

BatchBuilder::State::Turn BatchBuilder::State::Take() {
  for (const auto& build : builds_) {
    if (!build->HasWork()) continue;
    Turn turn{build};
    if (build->assembly == nullptr) {
      build->starting = true;
      return turn;
    }
    turn.first = build->next;
    turn.count = std::min(samples_per_turn_,
                          build->assembly->num_samples() - build->next);
    build->next += turn.count;
    return turn;
  }
  return {};
}

void BatchBuilder::State::Start(const std::shared_ptr<Build>& build) {
  std::shared_ptr<const CompiledPlan> plan;
  {
    MutexLock lock(&mutex_);
    plan = plan_;
  }
  if (plan == nullptr) return;
  auto assembly = BatchAssembly::Start(
      std::move(plan), {build->step, rank_, world_size_}, pool_);
  if (!assembly.ok()) return Fail(build, assembly.status());
  MutexLock lock(&mutex_);
  build->assembly = *std::move(assembly);
  build->unfinished = build->assembly->num_samples();
}

void BatchBuilder::State::MakeSamples(const Turn& turn) {
  const absl::Time begin = absl::Now();
  absl::Status status =
      turn.build->assembly->MakeSamples(turn.first, turn.count);
  if (!status.ok()) return Fail(turn.build, std::move(status));
  const absl::Duration took = absl::Now() - begin;

  std::shared_ptr<const Done> done;
  {
    MutexLock lock(&mutex_);
    turn.build->busy += took;
    if (took < kTurn / 2) {
      samples_per_turn_ = std::min(2 * samples_per_turn_, kMaxSamplesPerTurn);
    } else if (took > 2 * kTurn) {
      samples_per_turn_ = std::max(samples_per_turn_ / 2, 1);
    }
    turn.build->unfinished -= turn.count;
    if (turn.build->unfinished > 0) return;
    done = Remove(turn.build);
  }
  if (done == nullptr) return;
  BuiltBatch built{turn.build->step, turn.build->assembly->Finish()};
  built.samples = turn.build->assembly->num_samples();
  built.elapsed = absl::Now() - turn.build->added;
  built.busy = turn.build->busy;
  (*done)(std::move(built));
}

std::shared_ptr<const BatchBuilder::Done> BatchBuilder::State::Remove(
    const std::shared_ptr<Build>& build) {
  const auto found = std::find(builds_.begin(), builds_.end(), build);
  if (found == builds_.end()) return nullptr;
  builds_.erase(found);
  return done_;
}

void BatchBuilder::State::Fail(const std::shared_ptr<Build>& build,
                               absl::Status error) {
  std::shared_ptr<const Done> done;
  {
    MutexLock lock(&mutex_);
    done = Remove(build);
  }
  if (done != nullptr) (*done)({build->step, std::move(error)});
}

BatchBuilder::BatchBuilder(BatchBuilderOptions options, Done done)
    : state_(std::make_shared<State>(std::move(options), std::move(done))) {}

BatchBuilder::~BatchBuilder() { Cancel(); }

void BatchBuilder::Add(uint64_t step) { state_->Add(step); }

void BatchBuilder::Cancel() { state_->Cancel(); }

}  // namespace millrace
