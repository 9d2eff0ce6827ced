#include "storage/record_writer.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "storage/record.h"
#include "tests/support/samples.h"

namespace millrace {
namespace {

constexpr uint32_t kShards = 3;
constexpr size_t kImageBytes = 100'000;

EncodedSamples SampleOf(int i) {
  v1::SampleMeta meta;
  meta.set_key(absl::StrCat(i));
  return EncodeSample(meta, std::string(kImageBytes, static_cast<char>(i)));
}

ShardLabel LabelOf(uint32_t shard) {
  return {std::string(32, 'a'), shard, kShards};
}

TEST(RecordWriterTest, WritesEachRecordToItsShard) {
  // More than may wait.
  constexpr int kSamples = 100;
  const TemporaryFolder folder;
  RecordWriter writer(folder.path(), kShards);
  for (int i = 0; i < kSamples; ++i) {
    ASSERT_TRUE(writer.Put(SampleOf(i)).ok());
  }
  std::vector<std::unique_ptr<ShardReader>> shards;
  for (uint32_t i = 0; i < kShards; ++i) {
    const std::string path = absl::StrCat(folder.path(), "/done-", i);
    ASSERT_TRUE(writer.FinishShard(path, LabelOf(i)).ok());
    shards.push_back(ShardReader::Open(path, path, LabelOf(i)).value());
  }
  for (int i = 0; i < kSamples; ++i) {
    const ShardPlace place = PlaceOf(i, kShards);
    const auto stored = shards[place.shard]->Read(place.index);
    ASSERT_TRUE(stored.ok()) << stored.status();
    const auto record = OpenRecord(stored->bytes, i);
    ASSERT_TRUE(record.ok()) << record.status();
    EXPECT_EQ(record->image, std::string(kImageBytes, static_cast<char>(i)));
  }
}

TEST(RecordWriterTest, AnErrorEndsWaitingAndIsThatOfAllThatFollows) {
  const TemporaryFolder folder;
  RecordWriter writer(folder.path() + "/missing", kShards);
  absl::Status status;
  for (int i = 0; status.ok(); ++i) status = writer.Put(SampleOf(i));
  EXPECT_THAT(status.message(), testing::HasSubstr("cannot create"));
  EXPECT_EQ(writer.Put(SampleOf(0)), status);
  EXPECT_EQ(writer.FinishShard(folder.path() + "/done", LabelOf(0)), status);
}

TEST(RecordWriterTest, DropsWhatWaitsWhenItEnds) {
  const TemporaryFolder folder;
  RecordWriter writer(folder.path(), kShards);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(writer.Put(SampleOf(i)).ok());
}

}  // namespace
}  // namespace millrace
