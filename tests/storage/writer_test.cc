#include "storage/dataset_writer.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/data_dir.h"
#include "storage/info_file.h"
#include "storage/layout.h"
#include "storage/verify.h"
#include "tests/support/samples.h"

namespace millrace {
namespace {

using testing::HasSubstr;

class WriterTest : public testing::Test {
 protected:
  std::unique_ptr<DatasetWriter> NewWriter(const std::string& name) {
    auto writer = DatasetWriter::Create(root_, name, {});
    EXPECT_TRUE(writer.ok()) << writer.status();
    return *std::move(writer);
  }

  v1::DatasetInfo Publish(const std::string& name, const SampleList& samples,
                          int shards = 2) {
    const auto info = PublishSamples(root_, name, samples, shards);
    EXPECT_TRUE(info.ok()) << info.status();
    return info.value_or(v1::DatasetInfo());
  }

  std::vector<v1::DatasetInfo> Listed() {
    const auto infos = DataDir(root_).List();
    EXPECT_TRUE(infos.ok()) << infos.status();
    return infos.value_or(std::vector<v1::DatasetInfo>());
  }

  bool StagingIsEmpty() {
    return std::filesystem::is_empty(StagingRoot(root_));
  }

  const TemporaryFolder folder_;
  const std::string root_ = folder_.path() + "/data/deep";
};

TEST_F(WriterTest, ADatasetAppearsWithPublishAndNotBefore) {
  auto writer = NewWriter("a/b");
  ASSERT_TRUE(writer->Append(EncodeSample({}, "image")).ok());
  EXPECT_TRUE(Listed().empty());
  const auto info = writer->Publish(TestDescription(""), {});
  ASSERT_TRUE(info.ok()) << info.status();
  ASSERT_EQ(Listed().size(), 1);
  EXPECT_EQ(Listed()[0].DebugString(), info->DebugString());
  EXPECT_EQ(info->name(), "a/b");
  writer.reset();
  EXPECT_TRUE(StagingIsEmpty());
  EXPECT_EQ(Listed().size(), 1);
}

TEST_F(WriterTest, WithoutPublishNothingRemains) {
  auto writer = NewWriter("a/b");
  ASSERT_TRUE(writer->Append(EncodeSample({}, "image")).ok());
  writer.reset();
  EXPECT_TRUE(StagingIsEmpty());
  EXPECT_TRUE(Listed().empty());
}

TEST_F(WriterTest, TheSameContentHasTheSameVersionWhateverTheShardsAndName) {
  const SampleList samples = TestSamples(30);
  const std::string version = Publish("a", samples, 1).version();
  EXPECT_EQ(Publish("b", samples, 4).version(), version);
  EXPECT_EQ(Publish("c", samples, 17).version(), version);
  EXPECT_NE(Publish("d", TestSamples(31), 1).version(), version);
}

TEST_F(WriterTest, MoreShardsThanSamplesIsFine) {
  Publish("a", TestSamples(3), 9);
  const auto report = VerifyDataset(DataDir(root_), {"a", ""});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->ok());
}

TEST_F(WriterTest, PublishingAVersionAgainChangesNothingButItsTimeAndShards) {
  const SampleList samples = TestSamples(5);
  v1::DatasetInfo first = Publish("a", samples, 1);
  const v1::DatasetInfo second = Publish("a", samples, 3);
  EXPECT_GT(second.published_unix_seconds(), first.published_unix_seconds());
  first.set_published_unix_seconds(second.published_unix_seconds());
  first.set_shards(3);
  EXPECT_EQ(first.DebugString(), second.DebugString());
  ASSERT_EQ(Listed().size(), 1);
  EXPECT_EQ(Listed()[0].DebugString(), second.DebugString());
  EXPECT_TRUE(StagingIsEmpty());
}

TEST_F(WriterTest, AnOldVersionPublishedAgainIsTheNewest) {
  const v1::DatasetInfo a = Publish("a", TestSamples(5));
  const v1::DatasetInfo b = Publish("a", TestSamples(6));
  EXPECT_EQ(DataDir(root_).Resolve({"a", ""})->version, b.version());
  EXPECT_EQ(Publish("a", TestSamples(5)).version(), a.version());
  EXPECT_EQ(DataDir(root_).Resolve({"a", ""})->version, a.version());
  EXPECT_TRUE(DataDir(root_).Open({"a", ""}).ok());
}

TEST_F(WriterTest, TheQuarantineListIsThatOfTheLastIngest) {
  for (const int bad : {0, 2, 1}) {
    auto writer = NewWriter("a");
    ASSERT_TRUE(writer->Append(EncodeSample({}, "image")).ok());
    const std::vector<v1::Quarantined> quarantined(bad);
    const auto info = writer->Publish(TestDescription(""), quarantined);
    ASSERT_TRUE(info.ok()) << info.status();
    EXPECT_EQ(info->quarantined(), bad);
    ASSERT_EQ(Listed().size(), 1);
    EXPECT_EQ(Listed()[0].quarantined(), bad);
    EXPECT_EQ(DataDir(root_).ReadQuarantine({"a", ""})->size(), bad);
  }
}

TEST_F(WriterTest, ADamagedVersionIsReplacedByPublishingItAgain) {
  const SampleList samples = TestSamples(5);
  const v1::DatasetInfo info = Publish("a", samples);
  const std::string path = VersionPath(root_, "a", info.version());
  for (const absl::string_view part : {kInfoFileName, kCatalogName}) {
    std::filesystem::remove_all(absl::StrCat(path, "/", part));
    Publish("a", samples);
    ASSERT_EQ(Listed().size(), 1);
    const auto report = VerifyDataset(DataDir(root_), {"a", ""});
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_TRUE(report->ok());
    EXPECT_TRUE(StagingIsEmpty());
  }
}

TEST_F(WriterTest, AReaderKeepsTheCopyThatItsOwnVersionReplaced) {
  const SampleList samples = TestSamples(5);
  const v1::DatasetInfo info = Publish("a", samples, 2);
  const DataDir dir(root_);
  const DatasetRef pinned = {"a", info.version()};
  const std::string first_copy = *dir.CopyId(pinned);
  const auto reader = dir.Open(pinned);
  ASSERT_TRUE(reader.ok()) << reader.status();
  Publish("a", samples, 2);
  EXPECT_NE(*dir.CopyId(pinned), first_copy);
  for (uint64_t i = 0; i < 5; ++i) EXPECT_TRUE((*reader)->Read(i).ok());
}

TEST_F(WriterTest, ALaterVersionIsNewerEvenIfTheClockWasSetBack) {
  v1::DatasetInfo first = Publish("a", TestSamples(5));
  const int64_t tomorrow = absl::ToUnixSeconds(absl::Now() + absl::Hours(24));
  first.set_published_unix_seconds(tomorrow);
  const std::string path = VersionPath(root_, "a", first.version());
  std::filesystem::remove(absl::StrCat(path, "/", kInfoFileName));
  ASSERT_TRUE(WriteInfoFile(path, first, {}).ok());
  const v1::DatasetInfo second = Publish("a", TestSamples(6));
  EXPECT_EQ(second.published_unix_seconds(), tomorrow + 1);
  ASSERT_EQ(Listed().size(), 2);
  EXPECT_EQ(Listed()[1].version(), second.version());
  const auto newest = DataDir(root_).Resolve({"a", ""});
  ASSERT_TRUE(newest.ok()) << newest.status();
  EXPECT_EQ(newest->version, second.version());
}

TEST_F(WriterTest, ASecondWriterIsRefusedNamingTheFirst) {
  const auto writer = NewWriter("a/b");
  const absl::Status status = DatasetWriter::Create(root_, "a/b", {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr(absl::StrCat("process ", getpid())));
  EXPECT_TRUE(DatasetWriter::Create(root_, "a/c", {}).ok());
}

TEST_F(WriterTest, WhatAKilledIngestLeftIsRemovedByTheNextOfAnyDataset) {
  for (const std::string& name : {"x/y", "z"}) {
    std::filesystem::create_directories(StagingPath(root_, name) + "/tables");
    WriteAll(StagingPath(root_, name) + "/tables/keys-0.sst", "junk");
    WriteAll(StagingLockPath(root_, name), "process 1 on host gone");
  }
  const auto writer = NewWriter("x/y");
  EXPECT_FALSE(std::filesystem::exists(StagingPath(root_, "z")));
  EXPECT_FALSE(std::filesystem::exists(StagingLockPath(root_, "z")));
  EXPECT_TRUE(std::filesystem::is_empty(StagingPath(root_, "x/y") + "/tables"));
}

TEST_F(WriterTest, AWriterAtWorkIsLeftAloneByOthers) {
  const auto writer = NewWriter("a");
  ASSERT_TRUE(writer->Append(EncodeSample({}, "image")).ok());
  Publish("b", TestSamples(3));
  ASSERT_TRUE(DataDir(root_).Remove({"b", ""}).ok());
  const auto info = writer->Publish(TestDescription(""), {});
  EXPECT_TRUE(info.ok()) << info.status();
}

TEST_F(WriterTest, OthersThatComeAndGoNeverLookLikeASecondWriter) {
  const auto come_and_go = [this](const std::string& name) {
    for (int i = 0; i < 300; ++i) {
      const auto writer = DatasetWriter::Create(root_, name, {});
      ASSERT_TRUE(writer.ok()) << writer.status();
    }
  };
  std::thread other([&] { come_and_go("other"); });
  come_and_go("one");
  other.join();
  EXPECT_TRUE(StagingIsEmpty());
}

TEST_F(WriterTest, CancelledBeforeTheEndPublishLeavesNothing) {
  std::atomic<bool> cancel = false;
  WriterOptions options;
  options.cancel = &cancel;
  auto writer = DatasetWriter::Create(root_, "a", options);
  ASSERT_TRUE(writer.ok()) << writer.status();
  ASSERT_TRUE((*writer)->Append(EncodeSample({}, "image")).ok());
  cancel = true;
  EXPECT_EQ((*writer)->Publish(TestDescription(""), {}).status().code(),
            absl::StatusCode::kCancelled);
  writer->reset();
  EXPECT_TRUE(Listed().empty());
  EXPECT_TRUE(StagingIsEmpty());
}

TEST_F(WriterTest, AKeyThatComesTwiceIsRefusedAndTheRestGoesOn) {
  const SampleList samples = TestSamples(2);
  const auto writer = NewWriter("a");
  for (const auto& [meta, image] : samples) {
    ASSERT_TRUE(writer->Append(EncodeSample(meta, image)).ok());
  }
  const auto& [meta, image] = samples[0];
  const absl::Status status = writer->Append(EncodeSample(meta, image));
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(status.message(), HasSubstr("\"image-0\""));
  const auto info = writer->Publish(TestDescription(""), {});
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->samples(), 2);
  EXPECT_EQ(info->version(), Publish("b", samples).version());
}

TEST_F(WriterTest, SamplesHandedOverTogetherAreAsThoseHandedOverOneByOne) {
  const SampleList samples = TestSamples(20);
  const auto writer = NewWriter("a");
  EncodedSamples together(samples.size());
  for (const auto& [meta, image] : samples) {
    v1::SampleMeta* const copy = together.NewMeta();
    *copy = meta;
    together.Add(copy, image);
  }
  ASSERT_TRUE(writer->Append(std::move(together)).ok());
  EncodedSamples more(3);
  for (const size_t i : {20, 3, 21}) {
    v1::SampleMeta* const meta = more.NewMeta();
    meta->set_key(absl::StrCat("image-", i));
    more.Add(meta, "image");
  }
  // The one before it is in, the one behind it is not.
  EXPECT_TRUE(absl::IsAlreadyExists(writer->Append(std::move(more))));
  const auto info = writer->Publish(TestDescription(""), {});
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->samples(), 21);

  const auto one_by_one = NewWriter("b");
  for (const auto& [meta, image] : samples) {
    ASSERT_TRUE(one_by_one->Append(EncodeSample(meta, image)).ok());
  }
  v1::SampleMeta last;
  last.set_key("image-20");
  ASSERT_TRUE(one_by_one->Append(EncodeSample(last, "image")).ok());
  const auto same = one_by_one->Publish(TestDescription(""), {});
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_EQ(info->version(), same->version());
}

TEST_F(WriterTest, ADatasetWithoutSamplesIsRefused) {
  const auto writer = NewWriter("a");
  const absl::Status status = writer->Publish(TestDescription(""), {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(WriterTest, ACategoryOutOfRangeIsRefusedAndNothingIsPublished) {
  const auto writer = NewWriter("a");
  v1::SampleMeta meta;
  meta.add_labels(3);
  ASSERT_TRUE(writer->Append(EncodeSample(meta, "image")).ok());
  const absl::Status status = writer->Publish(TestDescription(""), {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Listed().empty());
}

TEST_F(WriterTest, AfterPublishTheWriterIsUsedUp) {
  const auto writer = NewWriter("a");
  ASSERT_TRUE(writer->Append(EncodeSample({}, "image")).ok());
  ASSERT_TRUE(writer->Publish(TestDescription(""), {}).ok());
  EXPECT_EQ(writer->Append(EncodeSample({}, "image")).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(writer->Publish(TestDescription(""), {}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(WriterTest, QuarantineIsPublishedInOrderAndIsNoPartOfTheVersion) {
  std::vector<v1::Quarantined> quarantined(300);
  for (int i = 0; i < 300; ++i) {
    quarantined[i].set_key(absl::StrCat("bad-", i));
    quarantined[i].set_reason("not an image");
  }
  const auto writer = NewWriter("a");
  const SampleList samples = TestSamples(2);
  for (const auto& [meta, image] : samples) {
    ASSERT_TRUE(writer->Append(EncodeSample(meta, image)).ok());
  }
  const auto info = writer->Publish(TestDescription(""), quarantined);
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->quarantined(), 300);
  EXPECT_EQ(info->version(), Publish("b", samples).version());
  const auto stored = DataDir(root_).ReadQuarantine({"a", ""});
  ASSERT_TRUE(stored.ok()) << stored.status();
  ASSERT_EQ(stored->size(), 300);
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ((*stored)[i].key(), quarantined[i].key());
  }
}

TEST_F(WriterTest, WrongNamesAndOptionsAreRefused) {
  for (const char* name : {"", "/a", "a/", "a//b", ".a", "a/..", "a b", "a@b",
                           "a@0123456789abcdef0123456789abcdef"}) {
    EXPECT_EQ(DatasetWriter::Create(root_, name, {}).status().code(),
              absl::StatusCode::kInvalidArgument)
        << name;
  }
  for (int shards : {-1, 0, 257}) {
    WriterOptions options;
    options.shards = shards;
    EXPECT_EQ(DatasetWriter::Create(root_, "a", options).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

TEST_F(WriterTest, ADataFolderThatIsAFileIsRefused) {
  const std::string file = folder_.path() + "/file";
  WriteAll(file, "");
  const absl::Status status = DatasetWriter::Create(file, "a", {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
}

}  // namespace
}  // namespace millrace
