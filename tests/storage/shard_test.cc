#include "storage/shard.h"

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/catalog_keys.h"
#include "storage/coding.h"
#include "storage/files.h"
#include "storage/key_runs.h"
#include "tests/support/samples.h"

namespace millrace {
namespace {

const ShardLabel kLabel{"0123456789abcdef0123456789abcdef", 1, 4};

int TablesIn(const std::string& directory) {
  int tables = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    tables += entry.path().extension() == ".sst";
  }
  return tables;
}

class ShardTest : public testing::Test {
 protected:
  void Write(int records, uint64_t max_table_bytes) {
    ShardWriter writer(folder_.path(), 1, max_table_bytes);
    for (int i = 0; i < records; ++i) {
      ASSERT_TRUE(writer.Append(Record(i)).ok());
    }
    const absl::Status finished = writer.Finish(path_, kLabel);
    ASSERT_TRUE(finished.ok()) << finished;
  }

  static std::string Record(int i) {
    return absl::StrCat("record ", i, std::string(500, 'x'));
  }

  void ExpectAll(int records) {
    const auto reader = ShardReader::Open(path_, path_, kLabel);
    ASSERT_TRUE(reader.ok()) << reader.status();
    for (int i = 0; i < records; ++i) {
      const absl::StatusOr<StoredValue> value = (*reader)->Read(i);
      ASSERT_TRUE(value.ok()) << value.status();
      EXPECT_EQ(value->bytes, Record(i));
    }
    EXPECT_EQ((*reader)->Read(records).status().code(),
              absl::StatusCode::kDataLoss);
  }

  const TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/shard-0001";
};

TEST_F(ShardTest, RecordsOverManyTablesAreAllRead) {
  Write(300, 20'000);
  EXPECT_GE(TablesIn(path_), 5);
  EXPECT_EQ(TablesIn(folder_.path()), 0) << "tables are moved, not copied";
  ExpectAll(300);
}

TEST_F(ShardTest, AShardWithoutRecordsIsAShard) {
  Write(0, 20'000);
  ExpectAll(0);
}

TEST_F(ShardTest, HasNothingButWhatADatabaseNeeds) {
  Write(10, ShardWriter::kMaxTableBytes);
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    EXPECT_NE(entry.path().filename(), "LOG");
  }
}

TEST_F(ShardTest, AnotherShardThanExpectedIsDataLoss) {
  Write(10, ShardWriter::kMaxTableBytes);
  ShardLabel other_shard = kLabel;
  other_shard.shard = 2;
  ShardLabel other_count = kLabel;
  other_count.shards = 5;
  ShardLabel other_dataset = kLabel;
  other_dataset.version[0] = 'f';
  for (const ShardLabel& label : {other_shard, other_count, other_dataset}) {
    EXPECT_EQ(ShardReader::Open(path_, path_, label).status().code(),
              absl::StatusCode::kDataLoss);
  }
}

TEST(PlaceOfTest, OrdinalsGoRoundTheShards) {
  EXPECT_EQ(PlaceOf(0, 4).shard, 0);
  EXPECT_EQ(PlaceOf(7, 4).shard, 3);
  EXPECT_EQ(PlaceOf(7, 4).index, 1);
  EXPECT_EQ(PlaceOf(7, 1).index, 7);
}

TEST(KeyRunsTest, ManyRunsBecomeOneSortedTable) {
  const TemporaryFolder folder;
  KeyRuns runs(folder.path(), /*max_run_bytes=*/2000);
  constexpr uint64_t kKeys = 1000;
  for (uint64_t i = 0; i < kKeys; ++i) {
    // 7 and 1000 share no factor, so all keys differ and are out of order.
    ASSERT_TRUE(runs.Add(absl::StrCat("key ", i * 7 % kKeys), i).ok());
  }
  const auto tables = runs.Finish();
  ASSERT_TRUE(tables.ok()) << tables.status();
  EXPECT_GE(tables->size(), 10);
  const std::string path = folder.path() + "/merged";
  const absl::Status built = BuildDatabase(path, *tables, /*merge=*/true);
  ASSERT_TRUE(built.ok()) << built;
  EXPECT_EQ(TablesIn(path), 1);
  const auto database = Database::Open(path, path);
  ASSERT_TRUE(database.ok()) << database.status();
  for (uint64_t i = 0; i < kKeys; ++i) {
    const auto value =
        (*database)->Get(CatalogKey(absl::StrCat("key ", i * 7 % kKeys)));
    ASSERT_TRUE(value.ok()) << value.status();
    EXPECT_EQ(LoadLittleEndian<uint64_t>(value->bytes.data()), i);
  }
}

TEST(KeyRunsTest, ALongRunBecomesTablesThatNeedNoMerge) {
  const TemporaryFolder folder;
  KeyRuns runs(folder.path());
  constexpr uint64_t kKeys = 30'000;
  for (uint64_t i = 0; i < kKeys; ++i) {
    ASSERT_TRUE(runs.Add(absl::StrCat("key ", i * 7 % kKeys), i).ok());
  }
  const auto tables = runs.Finish();
  ASSERT_TRUE(tables.ok()) << tables.status();
  EXPECT_GE(tables->size(), 2);
  EXPECT_FALSE(runs.several_runs());
  const std::string path = folder.path() + "/database";
  const absl::Status built = BuildDatabase(path, *tables, /*merge=*/false);
  ASSERT_TRUE(built.ok()) << built;
  const auto database = Database::Open(path, path);
  ASSERT_TRUE(database.ok()) << database.status();
  uint64_t keys = 0;
  std::string last;
  const auto visit = [&](absl::string_view key, absl::string_view) {
    EXPECT_LT(last, key);
    last = std::string(key);
    ++keys;
    return absl::OkStatus();
  };
  ASSERT_TRUE((*database)->ForEach(kKeyPrefix, visit).ok());
  EXPECT_EQ(keys, kKeys);
}

TEST(KeyRunsTest, AKeyThatComesTwiceIsFoundInMemoryAndInEveryRun) {
  const TemporaryFolder folder;
  KeyRuns runs(folder.path(), /*max_run_bytes=*/1000);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(runs.Add(absl::StrCat("key ", i), i).ok());
  }
  for (int i = 0; i < 100; ++i) {
    const absl::Status status = runs.Add(absl::StrCat("key ", i), 100);
    EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
    EXPECT_THAT(status.message(),
                testing::HasSubstr(absl::StrCat("\"key ", i, "\"")));
  }
  EXPECT_TRUE(runs.Add("key 100", 100).ok());
}

}  // namespace
}  // namespace millrace
