#include "storage/verify.h"

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/dataset_writer.h"
#include "storage/info_file.h"
#include "storage/layout.h"
#include "tests/support/samples.h"

namespace millrace {
namespace {

using testing::Contains;
using testing::HasSubstr;

class VerifyTest : public testing::Test {
 protected:
  static constexpr uint64_t kCount = 40;
  // More than a block holds: each has one of its own.
  static constexpr size_t kBytes = 20'000;

  void SetUp() override {
    const auto info =
        PublishSamples(folder_.path(), "a", TestSamples(kCount, kBytes), 2);
    ASSERT_TRUE(info.ok()) << info.status();
    info_ = *info;
    path_ = VersionPath(folder_.path(), "a", info_.version());
  }

  VerifyReport Verify(const VerifyOptions& options = {}) {
    const auto report = VerifyDataset(dir_, {"a", ""}, options);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.value_or(VerifyReport());
  }

  std::string TableOf(int shard) {
    for (const auto& entry : std::filesystem::directory_iterator(
             absl::StrCat(path_, "/", ShardName(shard)))) {
      if (entry.path().extension() == ".sst") return entry.path();
    }
    return "";
  }

  const TemporaryFolder folder_;
  const DataDir dir_{folder_.path()};
  v1::DatasetInfo info_;
  std::string path_;
};

TEST_F(VerifyTest, AGoodDatasetIsGoodWithAnyNumberOfThreads) {
  for (int threads : {0, 1, 3}) {
    VerifyOptions options;
    options.threads = threads;
    const VerifyReport report = Verify(options);
    EXPECT_TRUE(report.ok());
    EXPECT_EQ(report.progress.done, kCount);
    EXPECT_EQ(report.progress.bytes, info_.record_bytes());
    EXPECT_EQ(report.info.version(), info_.version());
  }
}

TEST_F(VerifyTest, WhatTheCallerFindsWrongWithASampleMakesItBad) {
  VerifyOptions options;
  options.check_sample = [](const Sample& sample) {
    if (sample.meta.key() != "image-7") return absl::OkStatus();
    return absl::DataLossError("I do not like it");
  };
  const VerifyReport report = Verify(options);
  ASSERT_EQ(report.bad_samples.size(), 1u);
  EXPECT_EQ(report.bad_samples[0].ordinal, 7u);
  EXPECT_EQ(report.bad_samples[0].reason, "I do not like it");
}

TEST_F(VerifyTest, DamagedSamplesAreListedWithTheirReasonAndTheRestIsRead) {
  std::string bytes = ReadAll(TableOf(1));
  bytes[bytes.size() / 2] ^= 1;
  WriteAll(TableOf(1), bytes);
  const VerifyReport report = Verify();
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.progress.bad, 1);
  EXPECT_EQ(report.progress.done, kCount);
  ASSERT_EQ(report.bad_samples.size(), 1);
  EXPECT_EQ(report.bad_samples[0].ordinal % 2, 1);
  EXPECT_THAT(
      report.bad_samples[0].reason,
      testing::AllOf(HasSubstr("shard 1"), testing::Not(HasSubstr("verify"))));
}

TEST_F(VerifyTest, AShardThatCannotBeOpenedIsListedOnceWithItsFile) {
  const std::filesystem::path table = TableOf(1);
  std::filesystem::remove(table);
  const VerifyReport report = Verify();
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.progress.done, kCount);
  EXPECT_EQ(report.progress.bad, kCount / 2);
  EXPECT_TRUE(report.bad_samples.empty());
  ASSERT_EQ(report.bad_shards.size(), 1u);
  EXPECT_EQ(report.bad_shards[0].shard, 1u);
  EXPECT_EQ(report.bad_shards[0].samples, kCount / 2);
  EXPECT_THAT(report.bad_shards[0].reason,
              testing::AllOf(HasSubstr(table.filename().string()),
                             HasSubstr(ShardName(1)),
                             testing::Not(HasSubstr("verify"))));
}

TEST_F(VerifyTest, ReasonsAreBoundedAndBadSamplesAllCounted) {
  std::string bytes = ReadAll(TableOf(1));
  for (size_t i = 0; i < 12; ++i) bytes[i * kBytes + kBytes / 2] ^= 1;
  WriteAll(TableOf(1), bytes);
  VerifyOptions options;
  options.max_reasons = 3;
  const VerifyReport report = Verify(options);
  EXPECT_GE(report.progress.bad, 10);
  EXPECT_EQ(report.bad_samples.size(), 3);
}

TEST_F(VerifyTest, AnInfoThatDoesNotFitTheSamplesIsAProblem) {
  v1::DatasetInfo wrong = info_;
  wrong.mutable_categories(0)->set_name("cow");
  wrong.set_annotations(7);
  std::filesystem::remove(absl::StrCat(path_, "/", kInfoFileName));
  ASSERT_TRUE(WriteInfoFile(path_, wrong, {}).ok());
  const VerifyReport report = Verify();
  EXPECT_FALSE(report.ok());
  EXPECT_EQ(report.progress.bad, 0);
  EXPECT_THAT(report.problems, Contains(HasSubstr("counts")));
  EXPECT_THAT(report.problems, Contains(HasSubstr("version")));
}

TEST_F(VerifyTest, ProgressEndsAtTheTotal) {
  VerifyProgress last;
  VerifyOptions options;
  options.on_progress = [&](const VerifyProgress& now) { last = now; };
  Verify(options);
  EXPECT_EQ(last.done, kCount);
  EXPECT_EQ(last.total, kCount);
}

TEST_F(VerifyTest, CanBeStopped) {
  const std::atomic<bool> cancel = true;
  VerifyOptions options;
  options.cancel = &cancel;
  EXPECT_EQ(VerifyDataset(dir_, {"a", ""}, options).status().code(),
            absl::StatusCode::kCancelled);
}

TEST_F(VerifyTest, WhatIsNotThereIsNotFoundAndWrongOptionsAreRefused) {
  EXPECT_EQ(VerifyDataset(dir_, {"b", ""}).status().code(),
            absl::StatusCode::kNotFound);
  VerifyOptions options;
  options.threads = -1;
  EXPECT_EQ(VerifyDataset(dir_, {"a", ""}, options).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace millrace
