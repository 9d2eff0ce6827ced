#include "server/shared_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/event.h"

namespace millrace {
namespace {

using Cache = SharedCache<std::string>;

Cache::Make Making(std::string text, std::atomic<int>* made) {
  return [=]() -> absl::StatusOr<Cache::Value> {
    ++*made;
    return std::make_shared<const std::string>(text);
  };
}

TEST(SharedCacheTest, ManyThreadsThatWantOneValueMakeItOnce) {
  Cache cache(1);
  std::atomic<int> made{0};
  std::atomic<int> waiting{0};
  Event all_there;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      if (++waiting == 8) all_there.Notify();
      all_there.Wait();
      const auto value = cache.Get("key", Making("value", &made));
      ASSERT_TRUE(value.ok());
      EXPECT_EQ(**value, "value");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
}

TEST(SharedCacheTest, TheLeastRecentlyUsedIsLetGo) {
  Cache cache(2);
  std::atomic<int> made{0};
  ASSERT_TRUE(cache.Get("a", Making("a", &made)).ok());
  ASSERT_TRUE(cache.Get("b", Making("b", &made)).ok());
  ASSERT_TRUE(cache.Get("a", Making("a", &made)).ok());
  ASSERT_TRUE(cache.Get("c", Making("c", &made)).ok());
  EXPECT_EQ(cache.live(), 2u);
  EXPECT_EQ(made, 3);
  ASSERT_TRUE(cache.Get("a", Making("a", &made)).ok());
  EXPECT_EQ(made, 3) << "a was used after b";
  ASSERT_TRUE(cache.Get("b", Making("b", &made)).ok());
  EXPECT_EQ(made, 4);
}

TEST(SharedCacheTest, WhatIsInUseIsSharedEvenIfNothingIsKept) {
  Cache cache(0);
  std::atomic<int> made{0};
  {
    const auto first = cache.Get("a", Making("a", &made));
    const auto second = cache.Get("a", Making("a", &made));
    EXPECT_EQ(first->get(), second->get());
    EXPECT_EQ(cache.live(), 1u);
  }
  EXPECT_EQ(cache.live(), 0u);
  ASSERT_TRUE(cache.Get("a", Making("a", &made)).ok());
  EXPECT_EQ(made, 2);
}

TEST(SharedCacheTest, AnErrorIsNotKeptAndTheNextOneTriesAgain) {
  Cache cache(1);
  std::atomic<int> made{0};
  const auto failed =
      cache.Get("a", [] { return absl::DataLossError("broken"); });
  EXPECT_EQ(failed.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(cache.Get("a", Making("a", &made)).ok());
}

TEST(SharedCacheTest, AThreadThatWaitedForAFailureMakesTheValueItself) {
  Cache cache(1);
  std::atomic<int> made{0};
  Event making;
  Event go_on;
  std::thread first([&] {
    const auto failed = cache.Get("a", [&]() -> absl::StatusOr<Cache::Value> {
      making.Notify();
      go_on.Wait();
      return absl::DataLossError("broken");
    });
    EXPECT_FALSE(failed.ok());
  });
  making.Wait();
  std::thread second(
      [&] { EXPECT_TRUE(cache.Get("a", Making("a", &made)).ok()); });
  go_on.Notify();
  first.join();
  second.join();
  EXPECT_EQ(made, 1);
}

}  // namespace
}  // namespace millrace
