#include "storage/data_dir.h"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/dataset_writer.h"
#include "storage/layout.h"
#include "tests/support/samples.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr absl::string_view kNoVersion = "0123456789abcdef0123456789abcdef";

TEST(DatasetRefTest, NamesAndVersionsAreParsed) {
  auto ref = DatasetRef::Parse("coco/train2017");
  ASSERT_TRUE(ref.ok()) << ref.status();
  EXPECT_EQ(ref->name, "coco/train2017");
  EXPECT_EQ(ref->version, "");
  EXPECT_EQ(ref->ToString(), "coco/train2017");
  ref = DatasetRef::Parse("a_B-1.2@01234567");
  ASSERT_TRUE(ref.ok()) << ref.status();
  EXPECT_EQ(ref->name, "a_B-1.2");
  EXPECT_EQ(ref->version, "01234567");
  EXPECT_EQ(ref->ToString(), "a_B-1.2@01234567");
}

TEST(DatasetRefTest, WhatIsNoNameOrVersionIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("/"), std::string("a//b"),
        std::string("../a"), std::string("a/.hidden"), std::string("a b"),
        std::string("a\0b", 3), std::string("a%b"), std::string("ä"),
        std::string(201, 'a'), std::string("a@"), std::string("a@0123456"),
        std::string("a@0123456G"), std::string("a@01234567@01234567"),
        absl::StrCat("a@", kNoVersion, "0")}) {
    EXPECT_EQ(DatasetRef::Parse(text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
  EXPECT_TRUE(DatasetRef::Parse(std::string(200, 'a')).ok());
}

class DataDirTest : public testing::Test {
 protected:
  std::string Publish(const std::string& name, uint64_t samples) {
    const auto info =
        PublishSamples(folder_.path(), name, TestSamples(samples), 2);
    EXPECT_TRUE(info.ok()) << info.status();
    return info.ok() ? info->version() : "";
  }

  std::vector<std::string> ListedNames(std::vector<std::string>* problems) {
    const auto infos = dir_.List(problems);
    EXPECT_TRUE(infos.ok()) << infos.status();
    std::vector<std::string> names;
    for (const v1::DatasetInfo& info : *infos) names.push_back(info.name());
    return names;
  }

  const TemporaryFolder folder_;
  const DataDir dir_{folder_.path()};
};

TEST_F(DataDirTest, ListsByNameThenOldestFirst) {
  const std::string first = Publish("b", 3);
  const std::string second = Publish("b", 2);
  Publish("b/c", 1);
  Publish("a/x", 1);
  const auto infos = dir_.List();
  ASSERT_TRUE(infos.ok()) << infos.status();
  ASSERT_EQ(infos->size(), 4);
  EXPECT_EQ((*infos)[0].name(), "a/x");
  EXPECT_EQ((*infos)[1].version(), first);
  EXPECT_EQ((*infos)[2].version(), second);
  EXPECT_EQ((*infos)[3].name(), "b/c");
}

TEST_F(DataDirTest, AMissingRootIsNotFoundAndAnEmptyOneIsEmpty) {
  EXPECT_EQ(DataDir(folder_.path() + "/none").List().status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(DataDir(folder_.path() + "/none").Open({"a", ""}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_THAT(ListedNames(nullptr), IsEmpty());
}

TEST_F(DataDirTest, DatasetsThatCannotBeReadAreNamedAndTheOthersListed) {
  const std::string version = Publish("bad", 1);
  Publish("good", 1);
  const std::string path = VersionPath(folder_.path(), "bad", version);
  WriteAll(absl::StrCat(path, "/", kInfoFileName), "junk");
  std::vector<std::string> problems;
  EXPECT_THAT(ListedNames(&problems), ElementsAre("good"));
  EXPECT_THAT(problems, ElementsAre(HasSubstr(path)));
  EXPECT_THAT(ListedNames(nullptr), ElementsAre("good"));
}

TEST_F(DataDirTest, ForeignFilesAreNoDatasets) {
  Publish("a", 1);
  WriteAll(folder_.path() + "/notes.txt", "hello");
  std::filesystem::create_directories(folder_.path() + "/lost+found");
  std::filesystem::create_directories(folder_.path() + "/.hidden/@" +
                                      std::string(kNoVersion));
  std::filesystem::create_directories(folder_.path() + "/b/@short");
  std::vector<std::string> problems;
  EXPECT_THAT(ListedNames(&problems), ElementsAre("a"));
  EXPECT_THAT(problems, IsEmpty());
}

TEST_F(DataDirTest, AVersionIsFoundByItsFirstDigits) {
  const std::string version = Publish("a", 3);
  Publish("a", 2);
  for (size_t digits : {8, 20, 32}) {
    const auto ref = dir_.Resolve({"a", version.substr(0, digits)});
    ASSERT_TRUE(ref.ok()) << ref.status();
    EXPECT_EQ(ref->version, version);
  }
}

TEST_F(DataDirTest, WhatIsNotThereIsNotFoundNamingWhatIs) {
  const std::string version = Publish("a/b", 3);
  absl::Status status = dir_.Open({"a/c", ""}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("a/b"));
  status = dir_.Open({"a/b", "00000000"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr(version));
  EXPECT_EQ(dir_.Open({"a", ""}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(dir_.Remove({"a", ""}).code(), absl::StatusCode::kNotFound);
}

TEST_F(DataDirTest, DigitsThatFitSeveralVersionsAreRefused) {
  for (char last : {'0', '1'}) {
    std::filesystem::create_directories(
        VersionPath(folder_.path(), "a", std::string(31, 'b') + last));
  }
  const absl::Status status = dir_.Resolve({"a", "bbbbbbbb"}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("more digits"));
  EXPECT_EQ(dir_.Remove({"a", "bbbbbbbb"}).code(), absl::StatusCode::kNotFound);
}

TEST_F(DataDirTest, TheNewestCannotBeToldWhileAVersionIsDamaged) {
  const std::string bad = Publish("a", 1);
  const std::string good = Publish("a", 2);
  WriteAll(
      absl::StrCat(VersionPath(folder_.path(), "a", bad), "/", kInfoFileName),
      "junk");
  EXPECT_EQ(dir_.Open({"a", ""}).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(dir_.Open({"a", good}).ok());
  ASSERT_TRUE(dir_.Remove({"a", bad}).ok());
  EXPECT_TRUE(dir_.Open({"a", ""}).ok());
}

TEST_F(DataDirTest, ADatasetThatWasMovedHasTheNameOfItsPlace) {
  Publish("a", 3);
  std::filesystem::rename(folder_.path() + "/a", folder_.path() + "/moved");
  EXPECT_THAT(ListedNames(nullptr), ElementsAre("moved"));
  const auto store = dir_.Open({"moved", ""});
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*store)->info().name(), "moved");
}

TEST_F(DataDirTest, RemovesOneVersionOrAllWithTheirEmptyFolders) {
  const std::string first = Publish("a/b/c", 3);
  const std::string second = Publish("a/b/c", 2);
  Publish("a/x", 1);
  ASSERT_TRUE(dir_.Remove({"a/b/c", first.substr(0, 8)}).ok());
  EXPECT_EQ(dir_.Resolve({"a/b/c", ""})->version, second);
  Publish("a/b/c", 4);
  ASSERT_TRUE(dir_.Remove({"a/b/c", ""}).ok());
  EXPECT_FALSE(std::filesystem::exists(folder_.path() + "/a/b"));
  EXPECT_THAT(ListedNames(nullptr), ElementsAre("a/x"));
  EXPECT_TRUE(std::filesystem::is_empty(StagingRoot(folder_.path())));
}

TEST_F(DataDirTest, AnOpenDatasetOutlivesItsRemoval) {
  Publish("a", 30);
  auto store = dir_.Open({"a", ""});
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE(dir_.Remove({"a", ""}).ok());
  EXPECT_THAT(ListedNames(nullptr), IsEmpty());
  const SampleList samples = TestSamples(30);
  for (uint64_t i = 0; i < 30; ++i) {
    const auto sample = (*store)->Read(i);
    ASSERT_TRUE(sample.ok()) << sample.status();
    EXPECT_EQ(sample->image, samples[i].second);
  }
  EXPECT_EQ(*(*store)->Find("image-29"), 29);
  const std::string staging = StagingRoot(folder_.path());
  EXPECT_FALSE(std::filesystem::is_empty(staging)) << "held, so kept";
  store->reset();
  Publish("b", 1);
  EXPECT_TRUE(std::filesystem::is_empty(staging)) << "free, so swept";
}

// Path, size and time of last change of everything below a folder.
std::map<std::string, std::string> Snapshot(const std::string& path) {
  std::map<std::string, std::string> snapshot;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(path)) {
    snapshot[entry.path()] =
        absl::StrCat(entry.last_write_time().time_since_epoch().count(), " ",
                     entry.is_regular_file() ? ReadAll(entry.path()) : "");
  }
  return snapshot;
}

TEST_F(DataDirTest, ReadingChangesNothingOnDisk) {
  Publish("a/b", 30);
  const auto before = Snapshot(folder_.path());
  {
    const auto store = dir_.Open({"a/b", ""});
    ASSERT_TRUE(store.ok()) << store.status();
    for (uint64_t i = 0; i < 30; ++i) ASSERT_TRUE((*store)->Read(i).ok());
    ASSERT_TRUE((*store)->Find("image-3").ok());
    ASSERT_TRUE((*store)->ReadIndex("crowd").ok());
    ASSERT_TRUE(dir_.ReadQuarantine({"a/b", ""}).ok());
    ASSERT_TRUE(dir_.List().ok());
  }
  EXPECT_EQ(Snapshot(folder_.path()), before);
}

TEST_F(DataDirTest, PublishingRemovingAndOpeningAtOnceNeverShowAHalfDataset) {
  std::atomic<bool> stop = false;
  std::atomic<int> opened = 0;
  std::thread reader([&] {
    while (!stop) {
      const auto store = dir_.Open({"a/b", ""});
      if (!store.ok()) {
        EXPECT_TRUE(absl::IsNotFound(store.status())) << store.status();
        continue;
      }
      ++opened;
      const uint64_t last = (*store)->info().samples() - 1;
      const auto sample = (*store)->Read(last);
      EXPECT_TRUE(sample.ok()) << sample.status();
      EXPECT_TRUE((*store)->Find(absl::StrCat("image-", last)).ok());
    }
  });
  for (int i = 0; i < 20 || (opened == 0 && i < 1000); ++i) {
    Publish("a/b", 5 + i % 3);
    if (i % 2 == 0) {
      EXPECT_TRUE(dir_.Remove({"a/b", ""}).ok());
    }
  }
  stop = true;
  reader.join();
  EXPECT_GT(opened, 0);
}

}  // namespace
}  // namespace millrace
