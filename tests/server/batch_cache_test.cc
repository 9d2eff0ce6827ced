#include "server/batch_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

constexpr BatchCache::Slice kSlice = {.plan_digest = 7};
constexpr uint64_t kBytes = 100;

std::shared_ptr<const SharedBatch> BatchOf(uint64_t step) {
  auto batch = std::make_shared<SharedBatch>();
  batch->batch.step = step;
  batch->tensor_bytes = kBytes;
  return batch;
}

// What was delivered to one reader, in order.
class Inbox {
 public:
  struct Item {
    uint64_t step = 0;
    std::shared_ptr<const SharedBatch> batch;
  };

  BatchCache::Deliver Deliver() {
    return [this](uint64_t step, std::shared_ptr<const SharedBatch> batch) {
      MutexLock lock(&mutex_);
      items_.push_back({step, std::move(batch)});
      changed_.NotifyAll();
    };
  }
  Item Next() {
    MutexLock lock(&mutex_);
    while (items_.size() == taken_) changed_.Wait(&mutex_);
    return items_[taken_++];
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<Item> items_ ABSL_GUARDED_BY(mutex_);
  size_t taken_ ABSL_GUARDED_BY(mutex_) = 0;
};

class BatchCacheTest : public testing::Test {
 protected:
  std::unique_ptr<BatchCache::Reader> Join(Inbox* inbox,
                                           BatchCache::Slice slice = kSlice) {
    return cache_.Join(slice, inbox->Deliver());
  }

  Metrics metrics_;
  Inbox inboxes_[3];
  Scheduler scheduler_{2};
  BatchCache cache_{3 * kBytes, &scheduler_, &metrics_};
};

TEST_F(BatchCacheTest, OneMakesWhatAllWant) {
  const auto a = Join(&inboxes_[0]);
  const auto b = Join(&inboxes_[1]);
  const auto c = Join(&inboxes_[2]);
  EXPECT_TRUE(a->Want(5));
  EXPECT_FALSE(b->Want(5));
  const auto batch = BatchOf(5);
  a->Made(5, batch);
  EXPECT_EQ(cache_.bytes(), kBytes) << "c has not taken it";
  EXPECT_FALSE(c->Want(5));
  EXPECT_EQ(inboxes_[1].Next().batch, batch);
  EXPECT_EQ(inboxes_[2].Next().batch, batch);
  EXPECT_EQ(cache_.bytes(), 0) << "all have taken it";
  EXPECT_EQ(metrics_.batch_cache_misses.Value(), 1);
  EXPECT_EQ(metrics_.batch_cache_hits.Value(), 2);
}

TEST_F(BatchCacheTest, AReaderAloneKeepsNothing) {
  const auto a = Join(&inboxes_[0]);
  for (uint64_t step = 0; step < 5; ++step) {
    EXPECT_TRUE(a->Want(step));
    a->Made(step, BatchOf(step));
  }
  EXPECT_EQ(cache_.bytes(), 0);
  EXPECT_EQ(metrics_.batch_cache_evictions.Value(), 0);
}

TEST_F(BatchCacheTest, AStepWantedTwiceComesTwice) {
  const auto a = Join(&inboxes_[0]);
  EXPECT_TRUE(a->Want(5));
  EXPECT_FALSE(a->Want(5));
  a->Made(5, BatchOf(5));
  EXPECT_EQ(inboxes_[0].Next().step, 5);
}

TEST_F(BatchCacheTest, KeepsTheNewestWithinItsBudgetAndMakesTheOthersAgain) {
  const auto fast = Join(&inboxes_[0]);
  const auto slow = Join(&inboxes_[1]);
  for (uint64_t step = 0; step < 5; ++step) {
    EXPECT_TRUE(fast->Want(step));
    fast->Made(step, BatchOf(step));
    EXPECT_LE(cache_.bytes(), 3 * kBytes);
  }
  EXPECT_EQ(metrics_.batch_cache_evictions.Value(), 2);
  EXPECT_TRUE(slow->Want(0)) << "the oldest has left";
  EXPECT_FALSE(slow->Want(4));
  EXPECT_EQ(inboxes_[1].Next().step, 4);
}

TEST_F(BatchCacheTest, ABatchLargerThanTheBudgetIsStillSharedInTheMaking) {
  BatchCache none(0, &scheduler_, &metrics_);
  const auto a = none.Join(kSlice, inboxes_[0].Deliver());
  const auto b = none.Join(kSlice, inboxes_[1].Deliver());
  const auto c = none.Join(kSlice, inboxes_[2].Deliver());
  EXPECT_TRUE(a->Want(1));
  EXPECT_FALSE(b->Want(1));
  a->Made(1, BatchOf(1));
  EXPECT_EQ(inboxes_[1].Next().step, 1);
  EXPECT_EQ(none.bytes(), 0);
  EXPECT_TRUE(c->Want(1));
}

TEST_F(BatchCacheTest, OtherPlansRanksAndWorldSizesAreApart) {
  const auto a = Join(&inboxes_[0]);
  EXPECT_TRUE(a->Want(1));
  for (const BatchCache::Slice other :
       {BatchCache::Slice{8, 0, 1}, BatchCache::Slice{7, 1, 2},
        BatchCache::Slice{7, 0, 2}}) {
    const auto b = Join(&inboxes_[1], other);
    EXPECT_TRUE(b->Want(1));
  }
}

TEST_F(BatchCacheTest, WhatALeavingReaderWasMakingGoesToTheNextThatWaits) {
  auto a = Join(&inboxes_[0]);
  auto b = Join(&inboxes_[1]);
  const auto c = Join(&inboxes_[2]);
  EXPECT_TRUE(a->Want(1));
  EXPECT_FALSE(b->Want(1));
  EXPECT_FALSE(c->Want(1));
  a = nullptr;
  EXPECT_EQ(inboxes_[1].Next().batch, nullptr) << "b is to make it";
  b = nullptr;
  EXPECT_EQ(inboxes_[2].Next().batch, nullptr) << "c is to make it";
  c->Made(1, BatchOf(1));
}

TEST_F(BatchCacheTest, AFailureIsNotSharedButTriedByTheNext) {
  const auto a = Join(&inboxes_[0]);
  const auto b = Join(&inboxes_[1]);
  EXPECT_TRUE(a->Want(1));
  EXPECT_FALSE(b->Want(1));
  a->Failed(1);
  EXPECT_EQ(inboxes_[1].Next().batch, nullptr);
  b->Failed(1);
  EXPECT_TRUE(a->Want(1));
}

TEST_F(BatchCacheTest, WhatIsKeptGoesWithTheLastReader) {
  auto a = Join(&inboxes_[0]);
  auto b = Join(&inboxes_[1]);
  EXPECT_TRUE(a->Want(1));
  a->Made(1, BatchOf(1));
  a = nullptr;
  EXPECT_EQ(cache_.bytes(), kBytes) << "b may want it";
  b = nullptr;
  EXPECT_EQ(cache_.bytes(), 0);
}

// Takes 300 steps, as a stream does: some asked for ahead; sometimes leaves and
// joins again. Every step must come, and be the right one.
void Trainer(BatchCache* cache, unsigned seed) {
  std::mt19937 random(seed);
  for (uint64_t next = 0; next < 300;) {
    // The last delivery may be under way while the reader leaves.
    const auto inbox = std::make_shared<Inbox>();
    const auto reader = cache->Join(
        kSlice, [inbox, deliver = inbox->Deliver()](
                    uint64_t step, std::shared_ptr<const SharedBatch> batch) {
          deliver(step, std::move(batch));
        });
    std::set<uint64_t> missing;
    const auto make = [&](uint64_t step) {
      if (random() % 9 == 0) std::this_thread::yield();
      reader->Made(step, BatchOf(step));
      missing.erase(step);
    };
    uint64_t asked = next;
    const uint64_t end = std::min<uint64_t>(300, next + 1 + random() % 60);
    while (asked < end || !missing.empty()) {
      if (asked < end && missing.size() < 4) {
        missing.insert(asked);
        if (reader->Want(asked)) make(asked);
        ++asked;
        continue;
      }
      const Inbox::Item item = inbox->Next();
      ASSERT_EQ(missing.count(item.step), 1);
      if (item.batch == nullptr) {
        make(item.step);
        continue;
      }
      ASSERT_EQ(item.batch->batch.step, item.step);
      missing.erase(item.step);
    }
    next = end;
    // Leaves in the middle of making something.
    if (random() % 2 == 0) reader->Want(next);
  }
}

TEST_F(BatchCacheTest, TrainersThatComeAndGoMissNothing) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::vector<std::thread> trainers;
  for (int i = 0; i < 4; ++i) {
    trainers.emplace_back([this, i, seed] { Trainer(&cache_, seed + i); });
  }
  for (std::thread& trainer : trainers) trainer.join();
  EXPECT_EQ(cache_.bytes(), 0);
}

}  // namespace
}  // namespace millrace
