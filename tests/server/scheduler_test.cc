#include "base/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "tests/support/event.h"

namespace millrace {
namespace {

using ::testing::ElementsAre;

// What ran, in order.
class Journal {
 public:
  void Add(std::string entry) {
    MutexLock lock(&mutex_);
    entries_.push_back(std::move(entry));
    // Not before, so that tasks stay far shorter than what counts as a turn.
    if (entries_.size() >= wanted_) changed_.NotifyAll();
  }
  std::vector<std::string> WaitFor(size_t count) {
    MutexLock lock(&mutex_);
    wanted_ = count;
    while (entries_.size() < count) changed_.Wait(&mutex_);
    return entries_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<std::string> entries_ ABSL_GUARDED_BY(mutex_);
  size_t wanted_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Holds the only thread until Open(), so that tasks queue up behind it.
class Gate {
 public:
  explicit Gate(Scheduler* scheduler) : lane_(scheduler->AddLane()) {
    lane_->Submit([this] {
      entered_.Notify();
      opened_.Wait();
    });
    entered_.Wait();
  }
  void Open() { opened_.Notify(); }

 private:
  Event entered_;
  Event opened_;
  std::unique_ptr<Scheduler::Lane> lane_;
};

TEST(SchedulerTest, LanesTakeTurnsHoweverMuchOneHasQueued) {
  Journal journal;
  Scheduler scheduler(1);
  auto greedy = scheduler.AddLane();
  auto modest = scheduler.AddLane();
  Gate gate(&scheduler);
  for (int i = 0; i < 4; ++i) {
    greedy->Submit([&] { journal.Add("greedy"); });
  }
  for (int i = 0; i < 2; ++i) {
    modest->Submit([&] { journal.Add("modest"); });
  }
  EXPECT_EQ(scheduler.queued(), 6u);
  EXPECT_EQ(scheduler.running(), 1u);
  gate.Open();
  EXPECT_THAT(journal.WaitFor(6), ElementsAre("greedy", "modest", "greedy",
                                              "modest", "greedy", "greedy"));
}

TEST(SchedulerTest, BusyLanesGetTheSameTimeHoweverLongTheirTasksAre) {
  // Spins for `length`, again and again; adds up what it took.
  class Spinner {
   public:
    Spinner(Scheduler* scheduler, absl::Duration length)
        : lane_(scheduler->AddLane()), length_(length) {
      for (int i = 0; i < 1000; ++i) {
        lane_->Submit([this] {
          const absl::Time begin = absl::Now();
          while (absl::Now() - begin < length_) {
          }
          const absl::Duration took = absl::Now() - begin;
          took_ += took;
          longest_ = std::max(longest_, took);
        });
      }
    }
    absl::Duration took() const { return took_; }
    absl::Duration longest() const { return longest_; }

   private:
    std::unique_ptr<Scheduler::Lane> lane_;
    const absl::Duration length_;
    absl::Duration took_;
    // A busy machine may stop us in the middle of one.
    absl::Duration longest_;
  };
  Event enough;
  auto scheduler = std::make_unique<Scheduler>(1);
  Gate gate(scheduler.get());
  Spinner slow(scheduler.get(), absl::Milliseconds(5));
  Spinner quick(scheduler.get(), absl::Microseconds(250));
  absl::Duration apart;
  absl::Duration allowed;
  // A third lane looks on, on the same thread.
  auto watch = scheduler->AddLane();
  std::function<void()> look = [&] {
    apart = absl::AbsDuration(slow.took() - quick.took());
    allowed = slow.longest() + quick.longest() + absl::Milliseconds(10);
    if (slow.took() + quick.took() > absl::Milliseconds(150)) {
      enough.Notify();
    } else {
      watch->Submit([&look] { look(); });
    }
  };
  watch->Submit([&look] { look(); });
  gate.Open();
  enough.Wait();
  scheduler.reset();  // Ends what still runs in the spinners.
  EXPECT_LT(apart, allowed) << "by turns it would be 19 to 1";
}

TEST(SchedulerTest, TasksOfOneLaneRunOnAllThreads) {
  Scheduler scheduler(3);
  auto lane = scheduler.AddLane();
  Event all_inside;
  std::atomic<int> inside{0};
  Journal journal;
  for (int i = 0; i < 3; ++i) {
    lane->Submit([&] {
      if (++inside == 3) all_inside.Notify();
      all_inside.Wait();
      journal.Add("done");
    });
  }
  EXPECT_EQ(journal.WaitFor(3).size(), 3u);
}

TEST(SchedulerTest, CancelDropsWhatIsQueuedAndWhatComesLater) {
  Journal journal;
  Scheduler scheduler(1);
  auto dropped = scheduler.AddLane();
  auto kept = scheduler.AddLane();
  Gate gate(&scheduler);
  auto owned = std::make_shared<int>(7);
  std::weak_ptr<int> watch = owned;
  dropped->Submit([&journal, owned = std::move(owned)] { journal.Add("no"); });
  dropped->Cancel();
  EXPECT_TRUE(watch.expired()) << "a dropped task must give up what it owns";
  dropped->Submit([&] { journal.Add("no"); });
  kept->Submit([&] { journal.Add("yes"); });
  EXPECT_EQ(scheduler.queued(), 1u);
  gate.Open();
  EXPECT_THAT(journal.WaitFor(1), ElementsAre("yes"));
}

TEST(SchedulerTest, ATaskMayDestroyItsOwnLane) {
  Journal journal;
  Scheduler scheduler(2);
  std::shared_ptr<Scheduler::Lane> lane = scheduler.AddLane();
  Scheduler::Lane* raw = lane.get();
  raw->Submit([&journal, lane = std::move(lane)]() mutable {
    lane.reset();
    journal.Add("survived");
  });
  EXPECT_THAT(journal.WaitFor(1), ElementsAre("survived"));
}

TEST(SchedulerTest, ALaneMayOutliveItsScheduler) {
  auto scheduler = std::make_unique<Scheduler>(2);
  auto lane = scheduler->AddLane();
  scheduler.reset();
  auto owned = std::make_shared<int>(7);
  std::weak_ptr<int> watch = owned;
  lane->Submit([owned = std::move(owned)] {});
  EXPECT_TRUE(watch.expired());
}

TEST(SchedulerTest, DestructionWaitsForRunningTasks) {
  std::atomic<bool> finished{false};
  Event started;
  Event go_on;
  std::thread opener;
  {
    Scheduler scheduler(1);
    auto lane = scheduler.AddLane();
    lane->Submit([&] {
      started.Notify();
      go_on.Wait();
      finished = true;
    });
    started.Wait();
    opener = std::thread([&] { go_on.Notify(); });
  }
  EXPECT_TRUE(finished);
  opener.join();
}

TEST(SchedulerTest, ManyLanesFromManyThreadsLoseNothing) {
  Journal journal;
  Scheduler scheduler(4);
  std::atomic<int> ran{0};
  constexpr int kThreads = 4;
  constexpr int kTasks = 2000;
  Event all;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      auto lane = scheduler.AddLane();
      Event mine;
      std::atomic<int> left{kTasks};
      for (int i = 0; i < kTasks; ++i) {
        lane->Submit([&] {
          ++ran;
          if (--left == 0) mine.Notify();
        });
      }
      mine.Wait();
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ran, kThreads * kTasks);
  EXPECT_EQ(scheduler.queued(), 0u);
}

}  // namespace
}  // namespace millrace
