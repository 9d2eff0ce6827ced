#include "ingest/reorder_window.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/event.h"

namespace millrace {
namespace {

TEST(ReorderWindowTest, GivesResultsInOrderWhateverTheThreads) {
  constexpr uint64_t kItems = 5000;
  for (const uint64_t max_items : {1, 2, 7, 1000}) {
    ReorderWindow<uint64_t> window(kItems, max_items, /*max_bytes=*/20);
    std::vector<std::thread> workers;
    for (int i = 0; i < 4; ++i) {
      workers.emplace_back([&] {
        while (const auto item = window.Claim()) {
          window.Put(*item, *item * 3, *item % 30);
        }
      });
    }
    for (uint64_t i = 0; i < kItems; ++i) EXPECT_EQ(window.Take(), i * 3);
    EXPECT_EQ(window.Take(), std::nullopt);
    for (std::thread& worker : workers) worker.join();
  }
}

TEST(ReorderWindowTest, NoWorkerRunsFurtherAheadThanAllowed) {
  ReorderWindow<int> window(/*items=*/10, /*max_items=*/3, /*max_bytes=*/100);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(window.Claim(), uint64_t(i));
  Event claimed;
  std::thread worker([&] {
    EXPECT_EQ(window.Claim(), 3u);
    claimed.Notify();
  });
  EXPECT_FALSE(claimed.WaitFor(absl::Milliseconds(20)));
  window.Put(0, 7, 1);
  EXPECT_EQ(window.Take(), 7);
  claimed.Wait();
  worker.join();
}

TEST(ReorderWindowTest, BytesHoldWorkersBackButNeverTheItemWaitedFor) {
  ReorderWindow<int> window(/*items=*/3, /*max_items=*/10, /*max_bytes=*/5);
  EXPECT_EQ(window.Claim(), 0u);
  EXPECT_EQ(window.Claim(), 1u);
  window.Put(1, 11, 50);
  Event claimed;
  std::thread worker([&] {
    EXPECT_EQ(window.Claim(), 2u);
    claimed.Notify();
  });
  window.Put(0, 10, 50);
  EXPECT_EQ(window.Take(), 10);
  EXPECT_FALSE(claimed.WaitFor(absl::Milliseconds(20)));
  EXPECT_EQ(window.Take(), 11);
  claimed.Wait();
  worker.join();
}

TEST(ReorderWindowTest, StopLetsEveryWorkerGo) {
  ReorderWindow<int> window(/*items=*/10, /*max_items=*/1, /*max_bytes=*/5);
  EXPECT_EQ(window.Claim(), 0u);
  std::thread worker([&] { EXPECT_EQ(window.Claim(), std::nullopt); });
  window.Stop();
  worker.join();
}

}  // namespace
}  // namespace millrace
