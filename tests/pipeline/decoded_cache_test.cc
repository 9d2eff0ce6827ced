#include "pipeline/decoded_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/pipeline/drawn_dataset.h"
#include "tests/support/faulty_store.h"

namespace millrace {
namespace {

constexpr uint64_t kDigitBytes = 28 * 28 + 9;

v1::Plan DigitsPlan() {
  return ParsePlan("dataset: 'drawn/digits' batch { size: 10 }");
}

TEST(DecodedCacheTest, KeepsRawImagesOfOneSizeAndSharesThem) {
  DecodedCache cache(1 << 20);
  const auto store = DrawnDigits(10);
  const auto samples = cache.Get(*store);
  ASSERT_NE(samples, nullptr);
  EXPECT_EQ(cache.Get(*DrawnDigits(10)), samples);  // The same content.
  EXPECT_FALSE(samples->Find(3));
  samples->Keep(3, *store->Read(3));
  const auto kept = samples->Find(3);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->label, 3);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(kept->image.data), 784),
            DrawnPixels(28, 28, 1, 3));
  EXPECT_FALSE(samples->Find(10));
}

TEST(DecodedCacheTest, ImagesOfOtherKindsAreNotForIt) {
  DecodedCache cache(1 << 20);
  EXPECT_EQ(cache.Get(*DrawnScenes(4)), nullptr);  // Sizes differ.
  const auto png = DrawnScenes(1, Coding::kPng);
  ASSERT_TRUE(png->info().uniform_size());
  EXPECT_EQ(cache.Get(*png), nullptr);
}

TEST(DecodedCacheTest, AllDatasetsTogetherStayWithinTheLimit) {
  DecodedCache cache(25 * kDigitBytes);
  auto twenty = cache.Get(*DrawnDigits(20));
  EXPECT_NE(twenty, nullptr);
  EXPECT_EQ(cache.Get(*DrawnDigits(30)), nullptr);
  EXPECT_EQ(cache.Get(*DrawnDigits(10)), nullptr);
  EXPECT_NE(cache.Get(*DrawnDigits(5)), nullptr);
  twenty.reset();
  EXPECT_NE(cache.Get(*DrawnDigits(10)), nullptr);
}

TEST(DecodedCacheTest, ASecondEpochReadsNothingAndGivesTheSameBytes) {
  const auto store = std::make_shared<FaultyStore>(DrawnDigits(10));
  const auto plan = CompileOrDie(DigitsPlan(), store);
  const HostBatch first = BatchOrDie(plan, {.step = 0});
  const uint64_t reads = store->operations();
  const HostBatch second = BatchOrDie(plan, {.step = 1});
  EXPECT_EQ(store->operations(), reads);
  EXPECT_EQ(DigestOf(first), DigestOf(second));
  EXPECT_EQ(BytesOf(first, "image").substr(784, 784),
            DrawnPixels(28, 28, 1, 1));
}

TEST(DecodedCacheTest, ThreadsMayFillItTogether) {
  const auto store = DrawnDigits(10);
  const std::string expected =
      DigestOf(BatchOrDie(CompileOrDie(DigitsPlan(), store), {}));
  SharedMemory memory({});
  const auto plan = CompiledPlan::Compile(DigitsPlan(), store, {}, &memory);
  ASSERT_TRUE(plan.ok());
  std::vector<std::string> digests(8);
  std::vector<std::thread> threads;
  for (std::string& digest : digests) {
    threads.emplace_back([&] { digest = DigestOf(BatchOrDie(*plan, {})); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(digests, testing::Each(expected));
}

TEST(DecodedCacheTest, NeverChangesABatch) {
  v1::Plan plan = ParsePlan(
      "dataset: 'drawn/digits' batch { size: 10 channels: RGB layout: NCHW } "
      "sampler { order: SHUFFLE } seed: 9 "
      "transforms { random_resized_crop { size: 20 } } "
      "transforms { random_horizontal_flip {} } "
      "transforms { to_dtype { dtype: FLOAT32 scale: true } }");
  const auto store = DrawnDigits(20);
  PlanLimits without;
  without.max_decoded_bytes = 0;
  const auto plain = CompiledPlan::Compile(plan, store, without);
  ASSERT_TRUE(plain.ok());
  const auto cached = CompileOrDie(plan, store);
  for (uint64_t step = 0; step < 8; ++step) {
    EXPECT_EQ(DigestOf(BatchOrDie(*plain, {.step = step})),
              DigestOf(BatchOrDie(cached, {.step = step})));
  }
}

}  // namespace
}  // namespace millrace
