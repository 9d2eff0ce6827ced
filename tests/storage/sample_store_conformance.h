// What every SampleStore must do. Instantiate the suite once for each kind:
//
//   INSTANTIATE_TEST_SUITE_P(Memory, SampleStoreConformanceTest,
//                            testing::Values(&MakeMemoryFixture));
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/sample_store.h"
#include "tests/support/samples.h"

namespace millrace {

// A store and whatever must live as long as it does.
struct StoreFixture {
  std::shared_ptr<const SampleStore> store;
  std::shared_ptr<void> owner;
};

using StoreFactory = StoreFixture (*)(const SampleList& samples);

class SampleStoreConformanceTest : public testing::TestWithParam<StoreFactory> {
 protected:
  static constexpr uint64_t kCount = 101;

  const SampleList samples_ = TestSamples(kCount);
  const StoreFixture fixture_ = GetParam()(samples_);
  const SampleStore& store_ = *fixture_.store;
};

TEST_P(SampleStoreConformanceTest, EverySampleIsReadAsItWasWritten) {
  ASSERT_EQ(store_.info().samples(), kCount);
  for (uint64_t i = 0; i < kCount; ++i) {
    const absl::StatusOr<Sample> sample = store_.Read(i);
    ASSERT_TRUE(sample.ok()) << sample.status();
    EXPECT_EQ(sample->meta.SerializeAsString(),
              samples_[i].first.SerializeAsString());
    EXPECT_EQ(sample->image, samples_[i].second);
  }
}

TEST_P(SampleStoreConformanceTest, OrdinalsPastTheEndAreOutOfRange) {
  for (uint64_t ordinal : {kCount, kCount + 1, ~uint64_t{0}}) {
    EXPECT_EQ(store_.Read(ordinal).status().code(),
              absl::StatusCode::kOutOfRange);
  }
}

TEST_P(SampleStoreConformanceTest, EveryKeyLeadsToItsOrdinal) {
  for (uint64_t i = 0; i < kCount; ++i) {
    const absl::StatusOr<uint64_t> ordinal =
        store_.Find(samples_[i].first.key());
    ASSERT_TRUE(ordinal.ok()) << ordinal.status();
    EXPECT_EQ(*ordinal, i);
  }
}

TEST_P(SampleStoreConformanceTest, UnknownKeysAreNotFoundByName) {
  for (const std::string& key :
       {std::string("image-"), std::string("image-1000"), std::string(),
        std::string("\0", 1), std::string("index/label/0")}) {
    EXPECT_EQ(store_.Find(key).status().code(), absl::StatusCode::kNotFound);
  }
  EXPECT_THAT(store_.Find("image-1000").status().message(),
              testing::HasSubstr("\"image-1000\""));
}

TEST_P(SampleStoreConformanceTest, IndexesHoldExactlyTheirSamples) {
  for (const char* name :
       {"label/0", "label/1", "label/2", "category/0", "category/1",
        "category/2", "crowd", "annotated", "keypoints", "warned"}) {
    OrdinalSet expected;
    for (uint64_t i = 0; i < kCount; ++i) {
      const std::vector<std::string> names = IndexesOf(samples_[i].first);
      if (std::count(names.begin(), names.end(), name) > 0) expected.add(i);
    }
    ASSERT_GT(expected.cardinality(), 0) << name;
    const absl::StatusOr<OrdinalSet> stored = store_.ReadIndex(name);
    ASSERT_TRUE(stored.ok()) << stored.status();
    EXPECT_TRUE(*stored == expected) << name;
  }
}

TEST_P(SampleStoreConformanceTest, AnIndexWithoutSamplesIsEmpty) {
  for (const char* name : {"label/99", "category/4000000000", "no such", ""}) {
    const absl::StatusOr<OrdinalSet> stored = store_.ReadIndex(name);
    ASSERT_TRUE(stored.ok()) << stored.status();
    EXPECT_EQ(stored->cardinality(), 0) << name;
  }
}

TEST_P(SampleStoreConformanceTest, AttributesAreThoseOfTheSamples) {
  AttributeChunk expected;
  for (const auto& [meta, image] : samples_) expected.Add(meta);
  const absl::StatusOr<AttributeChunk> stored = store_.ReadAttributes(0);
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->Serialise(), expected.Serialise());
  EXPECT_EQ(stored->images.size(), kCount);
  EXPECT_EQ(stored->annotations.size(), 26);
  EXPECT_EQ(store_.ReadAttributes(1).status().code(),
            absl::StatusCode::kOutOfRange);
}

TEST_P(SampleStoreConformanceTest, TheInfoCountsWhatIsThere) {
  const v1::DatasetInfo& info = store_.info();
  EXPECT_EQ(info.name(), "test/set");
  EXPECT_EQ(info.kind(), "test");
  EXPECT_EQ(info.version().size(), 32);
  EXPECT_EQ(info.annotations(), 26);
  EXPECT_EQ(info.warned(), 7);
  EXPECT_EQ(info.max_width(), 106);
  EXPECT_EQ(info.max_height(), 80);
  EXPECT_EQ(info.channels(), 3);
  EXPECT_FALSE(info.uniform_size());
  ASSERT_EQ(info.categories_size(), 3);
  uint64_t image_bytes = 0;
  for (const auto& [meta, image] : samples_) image_bytes += image.size();
  EXPECT_EQ(info.image_bytes(), image_bytes);
  EXPECT_GT(info.record_bytes(), image_bytes);
}

TEST_P(SampleStoreConformanceTest, ASampleOutlivesOtherReadsAndItsStore) {
  StoreFixture fixture = GetParam()(samples_);
  absl::StatusOr<Sample> kept = fixture.store->Read(7);
  ASSERT_TRUE(kept.ok()) << kept.status();
  for (uint64_t i = 0; i < kCount; ++i) {
    ASSERT_TRUE(fixture.store->Read(i).ok());
  }
  fixture = {};
  const Sample moved = *std::move(kept);
  EXPECT_EQ(moved.image, samples_[7].second);
}

TEST_P(SampleStoreConformanceTest, ManyThreadsReadAtOnce) {
  constexpr int kThreads = 4;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t i = 0; i < 10 * kCount; ++i) {
        const uint64_t ordinal = (i * 7 + t) % kCount;
        const absl::StatusOr<Sample> sample = store_.Read(ordinal);
        const auto& [meta, image] = samples_[ordinal];
        const absl::StatusOr<uint64_t> found = store_.Find(meta.key());
        if (!sample.ok() || sample->image != image || !found.ok() ||
            *found != ordinal || !store_.ReadIndex("crowd").ok()) {
          ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace millrace
