#include "ingest/ingest.h"

#include <atomic>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "ingest/folder.h"
#include "storage/data_dir.h"
#include "tests/ingest/source_files.h"

namespace millrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class IngestTest : public testing::Test {
 protected:
  void Put(absl::string_view name, absl::string_view bytes) {
    PutFile(absl::StrCat(folder_.path(), "/images/", name), bytes);
  }
  // Images of very different sizes, so that they are done out of order.
  void PutImages(int count) {
    for (int i = 0; i < count; ++i) {
      const int side = i % 7 == 0 ? 300 : 8 + i % 5;
      Put(absl::StrFormat("class-%d/%04d.jpg", i % 3, i),
          i % 4 == 0 ? TestPng(side, side, i) : TestJpeg(side, side + 1, i));
    }
  }
  std::unique_ptr<Source> Open() {
    auto source = OpenFolderSource({folder_.path() + "/images"});
    EXPECT_TRUE(source.ok()) << source.status();
    return *std::move(source);
  }
  bool NothingIsVisible() {
    const auto list = DataDir(options_.data_dir).List();
    return !list.ok() || list->empty();
  }

  TemporaryFolder folder_;
  IngestOptions options_ = TestOptions(folder_);
};

TEST_F(IngestTest, ShardsAndThreadsChangeNeitherOrderNorVersion) {
  PutImages(120);
  Put("class-1/0000-broken.jpg", "\xFF\xD8 not much of a JPEG");
  std::string version;
  std::vector<std::string> keys;
  for (const int threads : {1, 2, 5}) {
    for (const int shards : {1, 3}) {
      options_.dataset = absl::StrCat("test-", threads, "-", shards);
      options_.threads = threads;
      options_.shards = shards;
      options_.window_items = threads == 5 ? 2 : 100;
      options_.window_bytes = 10'000;
      const auto result = Ingest(*Open(), options_);
      ASSERT_TRUE(result.ok()) << result.status();
      EXPECT_EQ(result->info.samples(), 120u);
      EXPECT_EQ(result->info.shards(), uint32_t(shards));
      if (version.empty()) version = result->info.version();
      EXPECT_EQ(result->info.version(), version);
      const auto store =
          DataDir(options_.data_dir).Open({options_.dataset, ""});
      ASSERT_TRUE(store.ok()) << store.status();
      std::vector<std::string> stored;
      for (uint64_t i = 0; i < 120; ++i) {
        stored.push_back((*store)->Read(i).value().meta.key());
      }
      EXPECT_TRUE(std::is_sorted(stored.begin(), stored.end()));
      if (keys.empty()) keys = stored;
      EXPECT_EQ(stored, keys);
    }
  }
}

TEST_F(IngestTest, ShardsFollowTheSizeOfTheImages) {
  PutImages(1);
  EXPECT_EQ(Ingest(*Open(), options_).value().info.shards(), 1u);
  // Takes no room, and is quarantined.
  Put("class-0/huge.jpg", "");
  const std::string huge = folder_.path() + "/images/class-0/huge.jpg";
  std::filesystem::resize_file(huge, 3 * IngestOptions::kShardBytes);
  EXPECT_EQ(Ingest(*Open(), options_).value().info.shards(), 3u);
  std::filesystem::resize_file(huge, 9 * IngestOptions::kShardBytes);
  EXPECT_EQ(Ingest(*Open(), options_).value().info.shards(),
            uint32_t{IngestOptions::kAutoShards});
}

TEST_F(IngestTest, FillsInWhatTheImageIs) {
  Put("cat/a.jpg", WithOrientation(TestJpeg(30, 20), 6));
  Put("cat/b.jpg", TestPng(5, 6));  // Told by content, not by name.
  Put("c.jpg", TestJpeg(7, 8, 0, /*channels=*/1));
  const auto result = Ingest(*Open(), options_);
  ASSERT_TRUE(result.ok()) << result.status();
  const auto metas = StoredMetas(folder_);
  ASSERT_EQ(metas.size(), 3u);
  EXPECT_EQ(metas[0].key(), "c.jpg");
  EXPECT_EQ(metas[0].labels_size(), 0);
  EXPECT_EQ(metas[0].image().channels(), 1u);
  EXPECT_EQ(metas[1].image().width(), 20u);
  EXPECT_EQ(metas[1].image().height(), 30u);
  EXPECT_EQ(metas[1].image().orientation(), 6u);
  EXPECT_EQ(metas[2].image().format(), v1::IMAGE_FORMAT_PNG);
  EXPECT_EQ(metas[2].image().channels(), 3u);
}

TEST_F(IngestTest, WhatFailsIsQuarantinedWithItsReasonInItemOrder) {
  PutImages(3);
  Put("class-0/empty.jpg", "");
  Put("class-0/gif.jpg", "GIF89a and more");
  Put("class-0/short.jpg", TestJpeg(300, 300).substr(0, 3000));
  std::vector<std::string> seen;
  options_.on_quarantined = [&](const v1::Quarantined& entry) {
    seen.push_back(entry.key());
  };
  const auto result = Ingest(*Open(), options_);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(seen, ElementsAre("class-0/empty.jpg", "class-0/gif.jpg",
                                "class-0/short.jpg"));
  ASSERT_EQ(result->quarantined.size(), 3u);
  EXPECT_THAT(result->quarantined[0].reason(), HasSubstr("empty"));
  EXPECT_THAT(result->quarantined[1].reason(), HasSubstr("GIF"));
  EXPECT_THAT(result->quarantined[2].reason(),
              testing::AllOf(HasSubstr("JPEG data ends early"),
                             HasSubstr("Premature end of JPEG file")));
  EXPECT_EQ(result->info.quarantined(), 3u);
  const auto stored =
      DataDir(options_.data_dir).ReadQuarantine({options_.dataset, ""});
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->size(), 3u);
}

TEST_F(IngestTest, StrictRefusesTheDatasetAndNamesEverything) {
  PutImages(20);
  Put("class-0/bad-1.jpg", "");
  Put("class-2/bad-2.jpg", "");
  options_.strict = true;
  int named = 0;
  options_.on_quarantined = [&](const v1::Quarantined&) { ++named; };
  const auto result = Ingest(*Open(), options_);
  EXPECT_TRUE(absl::IsFailedPrecondition(result.status())) << result.status();
  EXPECT_THAT(std::string(result.status().message()),
              testing::AllOf(HasSubstr("2 in quarantine"),
                             HasSubstr("class-0/bad-1.jpg: "),
                             HasSubstr("class-2/bad-2.jpg: ")));
  EXPECT_EQ(named, 2);
  EXPECT_TRUE(NothingIsVisible());
}

TEST_F(IngestTest, NotOneGoodSampleIsRefused) {
  Put("a.jpg", "");
  const auto result = Ingest(*Open(), options_);
  EXPECT_TRUE(absl::IsInvalidArgument(result.status())) << result.status();
  EXPECT_THAT(std::string(result.status().message()),
              HasSubstr("not one good sample among 1; a.jpg: "));
  EXPECT_TRUE(NothingIsVisible());
}

TEST_F(IngestTest, TheQuarantineListIsBounded) {
  PutImages(3);
  for (int i = 0; i < 5; ++i) Put(absl::StrCat("bad", i), "");
  options_.max_quarantined = 4;
  const auto result = Ingest(*Open(), options_);
  EXPECT_TRUE(absl::IsResourceExhausted(result.status())) << result.status();
  EXPECT_THAT(std::string(result.status().message()),
              HasSubstr("more than 4 entries"));
  EXPECT_TRUE(NothingIsVisible());
  options_.max_quarantined = 5;
  EXPECT_TRUE(Ingest(*Open(), options_).ok());
}

TEST_F(IngestTest, FilesAndImagesOverTheLimitsAreQuarantined) {
  Put("a.jpg", TestJpeg(8, 8));
  Put("wide.jpg", TestJpeg(200, 100));
  Put("z.png", TestPng(30, 30) + std::string(12'000, 'x'));
  options_.limits.max_pixels = 19'999;
  options_.max_file_bytes = 11'000;
  const auto result = Ingest(*Open(), options_);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->quarantined.size(), 2u);
  EXPECT_THAT(result->quarantined[0].reason(), HasSubstr("200x100"));
  EXPECT_THAT(result->quarantined[1].reason(),
              HasSubstr("exceed the limit of 11000"));
}

TEST_F(IngestTest, AFileThatVanishesIsQuarantined) {
  PutImages(3);
  const auto source = Open();
  std::filesystem::remove(folder_.path() + "/images/class-1/0001.jpg");
  const auto result = Ingest(*source, options_);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->quarantined.size(), 1u);
  EXPECT_THAT(result->quarantined[0].reason(), HasSubstr("No such file"));
}

// Raises a flag when a certain item is loaded.
class CancellingSource : public Source {
 public:
  CancellingSource(const Source& source, uint64_t item,
                   std::atomic<bool>* cancel)
      : source_(source), item_(item), cancel_(cancel) {}

  const v1::DatasetInfo& description() const override {
    return source_.description();
  }
  const std::vector<v1::Quarantined>& problems() const override {
    return source_.problems();
  }
  const std::vector<std::string>& notes() const override {
    return source_.notes();
  }
  uint64_t size() const override { return source_.size(); }
  uint64_t image_bytes() const override { return source_.image_bytes(); }
  std::string Key(uint64_t item) const override { return source_.Key(item); }
  absl::StatusOr<SourceItem> Load(uint64_t item,
                                  uint64_t max_bytes) const override {
    if (item == item_) *cancel_ = true;
    return source_.Load(item, max_bytes);
  }
  absl::Status Annotate(uint64_t item, v1::SampleMeta* meta,
                        Findings* findings) const override {
    return source_.Annotate(item, meta, findings);
  }

 private:
  const Source& source_;
  const uint64_t item_;
  std::atomic<bool>* const cancel_;
};

TEST_F(IngestTest, CancelledAnywhereItLeavesNothingAndCanBeRunAgain) {
  PutImages(40);
  const auto source = Open();
  for (const uint64_t item : {0, 13, 39}) {
    std::atomic<bool> cancel = false;
    options_.cancel = &cancel;
    const auto result =
        Ingest(CancellingSource(*source, item, &cancel), options_);
    EXPECT_TRUE(absl::IsCancelled(result.status())) << result.status();
    EXPECT_TRUE(NothingIsVisible());
  }
  options_.cancel = nullptr;
  EXPECT_TRUE(Ingest(*source, options_).ok());
}

TEST_F(IngestTest, ProgressEndsWithEverythingDone) {
  PutImages(10);
  Put("bad", "");
  IngestProgress last;
  options_.on_progress = [&](const IngestProgress& progress) {
    EXPECT_GE(progress.done, last.done);
    last = progress;
  };
  ASSERT_TRUE(Ingest(*Open(), options_).ok());
  EXPECT_EQ(last.done, 11u);
  EXPECT_EQ(last.total, 11u);
  EXPECT_EQ(last.quarantined, 1u);
  EXPECT_GT(last.bytes, 1000u);
}

TEST_F(IngestTest, AFolderThatCannotBeWrittenIsRefusedAtOnce) {
  PutImages(3);
  PutFile(options_.data_dir, "a file where the folder should be");
  int calls = 0;
  options_.on_progress = [&](const IngestProgress&) { ++calls; };
  EXPECT_FALSE(Ingest(*Open(), options_).ok());
  EXPECT_EQ(calls, 0);
}

TEST_F(IngestTest, OptionsOutOfRangeAreNamed) {
  PutImages(1);
  options_.threads = -1;
  EXPECT_THAT(std::string(Ingest(*Open(), options_).status().message()),
              HasSubstr("threads is -1"));
  options_.threads = 0;
  options_.shards = -1;
  EXPECT_TRUE(absl::IsInvalidArgument(Ingest(*Open(), options_).status()));
  options_.shards = 1;
  options_.window_items = 0;
  EXPECT_TRUE(absl::IsInvalidArgument(Ingest(*Open(), options_).status()));
}

}  // namespace
}  // namespace millrace
