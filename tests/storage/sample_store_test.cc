#include "storage/sample_store.h"

#include <utility>

#include "storage/data_dir.h"
#include "storage/dataset_writer.h"
#include "storage/memory_store.h"
#include "tests/storage/sample_store_conformance.h"
#include "tests/support/faulty_store.h"
#include "tests/support/samples.h"

namespace millrace {
namespace {

using testing::ElementsAre;

StoreFixture MakeMemoryFixture(const SampleList& samples) {
  return {MakeMemoryStore(TestDescription("test/set"), samples), nullptr};
}

StoreFixture MakeFaultyFixture(const SampleList& samples) {
  return {std::make_shared<FaultyStore>(MakeMemoryFixture(samples).store),
          nullptr};
}

template <int kShards>
StoreFixture MakeRocksFixture(const SampleList& samples) {
  auto folder = std::make_shared<TemporaryFolder>();
  const auto info =
      PublishSamples(folder->path(), "test/set", samples, kShards);
  EXPECT_TRUE(info.ok()) << info.status();
  auto store = DataDir(folder->path()).Open({"test/set", ""});
  EXPECT_TRUE(store.ok()) << store.status();
  return {*std::move(store), std::move(folder)};
}

INSTANTIATE_TEST_SUITE_P(Memory, SampleStoreConformanceTest,
                         testing::Values(&MakeMemoryFixture));
INSTANTIATE_TEST_SUITE_P(Faulty, SampleStoreConformanceTest,
                         testing::Values(&MakeFaultyFixture));
INSTANTIATE_TEST_SUITE_P(RocksOneShard, SampleStoreConformanceTest,
                         testing::Values(&MakeRocksFixture<1>));
INSTANTIATE_TEST_SUITE_P(RocksFourShards, SampleStoreConformanceTest,
                         testing::Values(&MakeRocksFixture<4>));

TEST(RocksStoreTest, DecodeRecordsComeBackWithTheirSamples) {
  const TemporaryFolder folder;
  const SampleList samples = TestSamples(3);
  const std::vector<std::string> records = {"one", "", "three"};
  const auto writer = DatasetWriter::Create(folder.path(), "a", {});
  ASSERT_TRUE(writer.ok()) << writer.status();
  for (size_t i = 0; i < records.size(); ++i) {
    const auto& [meta, image] = samples[i];
    ASSERT_TRUE((*writer)->Append(EncodeSample(meta, image, records[i])).ok());
  }
  ASSERT_TRUE((*writer)->Publish(TestDescription("a"), {}).ok());
  const auto store = DataDir(folder.path()).Open({"a", ""});
  ASSERT_TRUE(store.ok()) << store.status();
  for (size_t i = 0; i < records.size(); ++i) {
    const auto sample = (*store)->Read(i);
    ASSERT_TRUE(sample.ok()) << sample.status();
    EXPECT_EQ(sample->decode_record, records[i]);
    EXPECT_EQ(sample->image, samples[i].second);
  }
}

TEST(IndexesOfTest, ASampleIsInEachOfItsIndexesOnce) {
  v1::SampleMeta meta;
  meta.add_labels(7);
  meta.add_labels(7);
  for (uint32_t category : {3, 12, 3}) {
    meta.add_annotations()->set_category(category);
  }
  meta.mutable_annotations(1)->set_crowd(true);
  EXPECT_THAT(IndexesOf(meta), ElementsAre("annotated", "category/12",
                                           "category/3", "crowd", "label/7"));
}

TEST(IndexesOfTest, KeypointsCountOnlyIfOneIsLabelled) {
  v1::SampleMeta meta;
  v1::Keypoint* point = meta.add_annotations()->add_keypoints();
  EXPECT_THAT(IndexesOf(meta), ElementsAre("annotated", "category/0"));
  point->set_visibility(1);
  EXPECT_THAT(IndexesOf(meta),
              ElementsAre("annotated", "category/0", "keypoints"));
}

TEST(IndexesOfTest, ASampleWithoutAnythingIsInNone) {
  EXPECT_THAT(IndexesOf(v1::SampleMeta()), ElementsAre());
}

TEST(MemoryStoreTest, HasTheVersionAndCountsOfTheSameDatasetOnDisk) {
  const SampleList samples = TestSamples(50);
  v1::DatasetInfo memory = MakeMemoryFixture(samples).store->info();
  v1::DatasetInfo disk = MakeRocksFixture<1>(samples).store->info();
  disk.clear_published_unix_seconds();
  EXPECT_EQ(memory.DebugString(), disk.DebugString());
}

TEST(FaultyStoreTest, TheNthOperationFailsAndOthersDoNot) {
  FaultyStore store(MakeMemoryFixture(TestSamples(3)).store);
  ASSERT_TRUE(store.Read(0).ok());
  store.FailNth(2, absl::UnavailableError("just now"));
  EXPECT_TRUE(store.Read(0).ok());
  EXPECT_EQ(store.Find("image-0").status(), absl::UnavailableError("just now"));
  EXPECT_TRUE(store.Read(0).ok());
  EXPECT_EQ(store.operations(), 4);
}

TEST(FaultyStoreTest, AFaultForGoodStays) {
  FaultyStore store(MakeMemoryFixture(TestSamples(3)).store);
  store.FailNth(1, absl::DataLossError("gone"), /*for_good=*/true);
  EXPECT_EQ(store.Read(0).status(), absl::DataLossError("gone"));
  EXPECT_EQ(store.ReadIndex("crowd").status(), absl::DataLossError("gone"));
}

}  // namespace
}  // namespace millrace
