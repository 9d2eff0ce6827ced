#include "base/buffer_pool.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace millrace {
namespace {

TEST(BufferPoolTest, BuffersAreAlignedAndOfTheSizeAskedFor) {
  BufferPool pool(1 << 20);
  for (size_t size : {1, 63, 64, 65, 100'000}) {
    Buffer buffer = pool.Get(size);
    EXPECT_EQ(buffer.size(), size);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % 64, 0);
    std::memset(buffer.data(), 1, size);
  }
}

TEST(BufferPoolTest, AnEmptyBufferHasNoMemory) {
  BufferPool pool(1 << 20);
  EXPECT_EQ(pool.Get(0).data(), nullptr);
  EXPECT_EQ(Buffer().size(), 0);
}

TEST(BufferPoolTest, AReturnedBufferIsUsedAgainForSizesDownToHalfOfIt) {
  BufferPool pool(1 << 20);
  const uint8_t* const data = pool.Get(1000).data();
  EXPECT_EQ(pool.idle_bytes(), 1000);
  {
    const Buffer again = pool.Get(500);
    EXPECT_EQ(again.data(), data);
    EXPECT_EQ(again.size(), 500);
    EXPECT_EQ(pool.idle_bytes(), 0);
  }
  EXPECT_EQ(pool.idle_bytes(), 1000);
  EXPECT_NE(pool.Get(499).data(), data);
  EXPECT_NE(pool.Get(1001).data(), data);
}

TEST(BufferPoolTest, CountsHowOftenItTookFreshMemory) {
  BufferPool pool(1 << 20);
  for (int i = 0; i < 10; ++i) pool.Get(1000);
  EXPECT_EQ(pool.allocations(), 1);
  pool.Get(3000);
  pool.Get(0);
  EXPECT_EQ(pool.allocations(), 2);
}

TEST(BufferPoolTest, TheSmallestBufferThatFitsIsTaken) {
  BufferPool pool(1 << 20);
  const uint8_t* small = nullptr;
  {
    const Buffer large = pool.Get(1500);
    const Buffer fitting = pool.Get(1000);
    small = fitting.data();
  }
  EXPECT_EQ(pool.Get(900).data(), small);
}

TEST(BufferPoolTest, NoMoreThanTheLimitIsKept) {
  BufferPool pool(2500);
  {
    const Buffer a = pool.Get(1000);
    const Buffer b = pool.Get(1000);
    const Buffer c = pool.Get(1000);
  }
  EXPECT_EQ(pool.idle_bytes(), 2000);
  BufferPool none(0);
  none.Get(1000);
  EXPECT_EQ(none.idle_bytes(), 0);
}

TEST(BufferPoolTest, ABufferOutlivesItsPool) {
  auto pool = std::make_unique<BufferPool>(1 << 20);
  Buffer buffer = pool->Get(1000);
  pool.reset();
  std::memset(buffer.data(), 1, buffer.size());
}

TEST(BufferPoolTest, MovingLeavesAnEmptyBufferBehind) {
  BufferPool pool(1 << 20);
  Buffer a = pool.Get(1000);
  const uint8_t* const data = a.data();
  Buffer b = std::move(a);
  EXPECT_EQ(b.data(), data);
  Buffer c = pool.Get(2000);
  c = std::move(b);
  EXPECT_EQ(c.data(), data);
  EXPECT_EQ(c.size(), 1000);
  EXPECT_EQ(pool.idle_bytes(), 2000) << "what c had before went back";
}

TEST(BufferPoolTest, ThreadsShareAPool) {
  BufferPool pool(1 << 20);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&pool, t] {
      for (int i = 0; i < 1000; ++i) {
        Buffer buffer = pool.Get(100 + i % 7 * 50);
        std::memset(buffer.data(), t, buffer.size());
        EXPECT_EQ(buffer.data()[buffer.size() - 1], t);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(pool.idle_bytes(), 0);
}

}  // namespace
}  // namespace millrace
