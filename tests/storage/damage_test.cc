// Whatever happens to the files of a dataset: the right bytes or an error.
#include <sys/mount.h>

#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/coding.h"
#include "storage/data_dir.h"
#include "storage/dataset_writer.h"
#include "storage/layout.h"
#include "tests/support/samples.h"
#include "xxhash.h"

namespace millrace {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

class DamageTest : public testing::Test {
 protected:
  static constexpr uint64_t kCount = 24;

  // A dataset of its own each time: RocksDB's cache would go on serving the
  // good blocks of a file that was read before it was damaged.
  void Publish() {
    if (dir_.Resolve({"a", ""}).ok()) {
      ASSERT_TRUE(dir_.Remove({"a", ""}).ok());
    }
    const auto info = PublishSamples(folder_.path(), "a", samples_, 2);
    ASSERT_TRUE(info.ok()) << info.status();
    path_ = VersionPath(folder_.path(), "a", info->version());
  }

  // The files that are read, relative to the dataset.
  std::vector<std::string> Files() {
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(path_)) {
      const std::string name = entry.path().filename();
      if (entry.is_regular_file() && name != "LOCK" && name != "IDENTITY" &&
          !absl::StartsWith(name, "OPTIONS") && entry.file_size() > 0) {
        files.push_back(fs::relative(entry.path(), path_));
      }
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  static bool IsDamage(const absl::Status& status) {
    return absl::IsDataLoss(status) || absl::IsFailedPrecondition(status);
  }

  // Reads everything; returns the number of errors.
  int ExpectRightOrDataLoss() {
    const auto store = dir_.Open({"a", ""});
    if (!store.ok()) {
      EXPECT_TRUE(IsDamage(store.status())) << store.status();
      return 1;
    }
    int errors = 0;
    for (uint64_t i = 0; i < kCount; ++i) {
      const auto& [meta, image] = samples_[i];
      const auto sample = (*store)->Read(i);
      const auto found = (*store)->Find(meta.key());
      errors += !sample.ok() + !found.ok();
      if (sample.ok()) {
        EXPECT_EQ(sample->image, image);
        EXPECT_EQ(sample->meta.SerializeAsString(), meta.SerializeAsString());
      } else {
        EXPECT_TRUE(IsDamage(sample.status())) << sample.status();
      }
      if (found.ok()) {
        EXPECT_EQ(*found, i);
      } else {
        EXPECT_TRUE(IsDamage(found.status())) << found.status();
      }
    }
    const auto crowd = (*store)->ReadIndex("crowd");
    if (crowd.ok()) {
      EXPECT_EQ(crowd->cardinality(), 3);
    } else {
      EXPECT_TRUE(IsDamage(crowd.status())) << crowd.status();
    }
    return errors + !crowd.ok();
  }

  // The message of the error that opening the dataset, or else reading its
  // samples, must give.
  std::string OpenError(absl::StatusCode code) {
    const auto store = dir_.Open({"a", ""});
    absl::Status status = store.status();
    for (uint64_t i = 0; status.ok() && i < (*store)->info().samples(); ++i) {
      status = (*store)->Read(i).status();
    }
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(status.message(), testing::Not(HasSubstr("/proc/self")));
    return std::string(status.message());
  }

  const TemporaryFolder folder_;
  const DataDir dir_{folder_.path()};
  const SampleList samples_ = TestSamples(kCount, 400);
  std::string path_;
};

TEST_F(DamageTest, AFlippedBitAnywhereIsFoundAndNeverWrongBytes) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937_64 random(seed);
  int found = 0;
  int flips = 0;
  Publish();
  for (const std::string& file : Files()) {
    for (int i = 0; i < 12; ++i) {
      Publish();
      const std::string damaged = absl::StrCat(path_, "/", file);
      std::string bytes = ReadAll(damaged);
      // Half of them in the last 100 bytes, where a table keeps its footer.
      const size_t range =
          i % 2 == 0 ? bytes.size() : std::min<size_t>(bytes.size(), 100);
      const size_t at = bytes.size() - 1 - random() % range;
      // Never the top bit: that of the last byte of a table's properties, which
      // RocksDB parses before it checks them, trips an assertion of Debian's
      // build (docs/storage_format.md, "Damage").
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 7)));
      WriteAll(damaged, bytes);
      SCOPED_TRACE(absl::StrCat("a flipped bit in byte ", at, " of ", file));
      found += ExpectRightOrDataLoss() > 0;
      ++flips;
    }
  }
  // The rest hits what no reader needs, such as statistics.
  EXPECT_GT(found, flips / 3);
}

TEST_F(DamageTest, AFileCutShortIsFound) {
  Publish();
  for (const std::string& file : Files()) {
    for (int part : {0, 1, 3}) {
      Publish();
      const std::string damaged = absl::StrCat(path_, "/", file);
      fs::resize_file(damaged, fs::file_size(damaged) * part / 4);
      SCOPED_TRACE(absl::StrCat(file, " cut to ", part, " quarters"));
      EXPECT_GT(ExpectRightOrDataLoss(), 0);
    }
  }
}

TEST_F(DamageTest, AMissingFileIsFound) {
  Publish();
  for (const std::string& file : Files()) {
    Publish();
    fs::remove(absl::StrCat(path_, "/", file));
    SCOPED_TRACE(absl::StrCat("without ", file));
    if (absl::EndsWith(file, ".log")) continue;
    EXPECT_GT(ExpectRightOrDataLoss(), 0);
  }
}

TEST_F(DamageTest, AMissingShardOrCatalogIsDataLossThatNamesIt) {
  for (const std::string& part :
       {ShardName(1), std::string(kCatalogName), std::string(kInfoFileName)}) {
    Publish();
    fs::remove_all(absl::StrCat(path_, "/", part));
    EXPECT_THAT(OpenError(absl::StatusCode::kDataLoss), HasSubstr(part));
  }
}

TEST_F(DamageTest, ShardsInTheWrongPlaceAreDataLoss) {
  Publish();
  fs::rename(absl::StrCat(path_, "/shard-0000"), absl::StrCat(path_, "/x"));
  fs::rename(absl::StrCat(path_, "/shard-0001"),
             absl::StrCat(path_, "/shard-0000"));
  fs::rename(absl::StrCat(path_, "/x"), absl::StrCat(path_, "/shard-0001"));
  EXPECT_THAT(OpenError(absl::StatusCode::kDataLoss), HasSubstr("shard 0"));
}

TEST_F(DamageTest, PartsOfAnotherDatasetAreDataLoss) {
  const auto other = PublishSamples(folder_.path(), "b", TestSamples(8), 2);
  ASSERT_TRUE(other.ok()) << other.status();
  const std::string other_path =
      VersionPath(folder_.path(), "b", other->version());
  for (const char* part : {"catalog", "shard-0001"}) {
    Publish();
    fs::remove_all(absl::StrCat(path_, "/", part));
    fs::copy(absl::StrCat(other_path, "/", part),
             absl::StrCat(path_, "/", part), fs::copy_options::recursive);
    EXPECT_THAT(OpenError(absl::StatusCode::kDataLoss), HasSubstr(part));
  }
}

TEST_F(DamageTest, ANewerFormatIsRefusedAsSuch) {
  Publish();
  const std::string file = absl::StrCat(path_, "/", kInfoFileName);
  std::string bytes = ReadAll(file);
  StoreLittleEndian(uint32_t{2}, &bytes[4]);
  StoreLittleEndian(
      XXH3_64bits_withSeed(bytes.data() + 16, bytes.size() - 16, 2), &bytes[8]);
  WriteAll(file, bytes);
  EXPECT_THAT(OpenError(absl::StatusCode::kFailedPrecondition),
              HasSubstr("format 2"));
}

TEST_F(DamageTest, DamageOfARecordNamesDatasetOrdinalAndShard) {
  Publish();
  for (const std::string& file : Files()) {
    if (!absl::StartsWith(file, "shard-0001") || !absl::EndsWith(file, ".sst"))
      continue;
    std::string bytes = ReadAll(absl::StrCat(path_, "/", file));
    bytes[100] ^= 1;
    WriteAll(absl::StrCat(path_, "/", file), bytes);
  }
  const auto store = dir_.Open({"a", ""});
  ASSERT_TRUE(store.ok()) << store.status();
  const absl::Status status = (*store)->Read(1).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("dataset a@"));
  EXPECT_THAT(status.message(), HasSubstr("sample 1 (shard 1)"));
  EXPECT_TRUE((*store)->Read(0).ok());
}

// A mount point of its own, where this process may mount.
class Mount {
 public:
  Mount(const std::string& source, const std::string& target, const char* type,
        unsigned long flags, const std::string& options)
      : target_(target),
        mounted_(mount(source.c_str(), target.c_str(), type, flags,
                       options.c_str()) == 0) {}
  ~Mount() {
    if (mounted_) umount2(target_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }

 private:
  const std::string target_;
  const bool mounted_;
};

TEST_F(DamageTest, AReadOnlyVolumeIsReadAndNotWritten) {
  Publish();
  const TemporaryFolder mount_point;
  const std::string& target = mount_point.path();
  const Mount bound(folder_.path(), target, nullptr, MS_BIND, "");
  if (!bound.mounted()) GTEST_SKIP() << "this process may not mount";
  ASSERT_EQ(mount(nullptr, target.c_str(), nullptr,
                  MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr),
            0);
  const DataDir volume(target);
  const auto store = volume.Open({"a", ""});
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_TRUE((*store)->Read(kCount - 1).ok());
  for (const absl::Status& status :
       {DatasetWriter::Create(target, "b", {}).status(),
        volume.Remove({"a", ""})}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    EXPECT_THAT(status.message(), HasSubstr("--data-dir"));
  }
  EXPECT_TRUE(volume.Open({"a", ""}).ok());
}

TEST_F(DamageTest, AFullDiskIsResourceExhaustedAndLeavesNothing) {
  const std::string target = folder_.path() + "/small";
  fs::create_directory(target);
  const Mount small("none", target, "tmpfs", 0, "size=4m");
  if (!small.mounted()) GTEST_SKIP() << "this process may not mount";
  const absl::Status status =
      PublishSamples(target, "a", TestSamples(100, 100'000), 2).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_THAT(status.message(), HasSubstr("no space left on"));
  EXPECT_THAT(status.message(), HasSubstr("--data-dir"));
  EXPECT_TRUE(DataDir(target).List()->empty());
  EXPECT_TRUE(fs::is_empty(StagingRoot(target)));
  const absl::Status again =
      PublishSamples(target, "a", TestSamples(10), 2).status();
  EXPECT_TRUE(again.ok()) << again;
}

}  // namespace
}  // namespace millrace
