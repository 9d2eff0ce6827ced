#include "base/mutex.h"

#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace millrace {
namespace {

struct Counter {
  Mutex mutex;
  CondVar changed;
  int value ABSL_GUARDED_BY(mutex) = 0;
};

TEST(MutexTest, OneThreadAtATime) {
  Counter counter;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&counter] {
      for (int i = 0; i < 10'000; ++i) {
        MutexLock lock(&counter.mutex);
        ++counter.value;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  MutexLock lock(&counter.mutex);
  EXPECT_EQ(counter.value, 40'000);
}

TEST(MutexTest, AWaiterSeesWhatWasChangedBeforeTheNotification) {
  Counter counter;
  std::thread other([&counter] {
    MutexLock lock(&counter.mutex);
    counter.value = 7;
    counter.changed.NotifyAll();
  });
  {
    MutexLock lock(&counter.mutex);
    while (counter.value == 0) counter.changed.Wait(&counter.mutex);
    EXPECT_EQ(counter.value, 7);
  }
  other.join();
}

TEST(MutexTest, WaitingHoldsTheLockAgainAfterwards) {
  Counter counter;
  MutexLock lock(&counter.mutex);
  // In the past, so that nothing has to happen.
  while (counter.changed.WaitUntil(&counter.mutex,
                                   absl::Now() - absl::Seconds(1))) {
  }
  counter.value = 1;
  std::thread other([&counter] {
    // Blocks until the lock above goes.
    MutexLock other_lock(&counter.mutex);
    EXPECT_EQ(counter.value, 2);
  });
  counter.value = 2;
  counter.mutex.Unlock();
  other.join();
  counter.mutex.Lock();
}

TEST(MutexTest, WaitUntilGivesUpAtTheDeadline) {
  Counter counter;
  const absl::Time deadline = absl::Now() + absl::Milliseconds(20);
  MutexLock lock(&counter.mutex);
  while (counter.changed.WaitUntil(&counter.mutex, deadline)) {
  }
  EXPECT_GE(absl::Now(), deadline);
}

}  // namespace
}  // namespace millrace
