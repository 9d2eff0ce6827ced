#include "base/memory_budget.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(MemoryBudgetTest, SharesNeverAddUpToMoreThanThereIs) {
  MemoryBudget budget(100);
  std::atomic<int> in_use = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 500; ++round) {
        const int wanted = (round * 37 + i * 11) % 150;
        const int share = std::min(wanted, 100);
        const auto reserved = budget.Reserve(wanted);
        EXPECT_LE(in_use += share, 100);
        in_use -= share;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace millrace
