#include "cli/sample_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <vector>

#include "tests/support/samples.h"

namespace millrace::cli {
namespace {

using ::testing::HasSubstr;

class SampleLogTest : public testing::Test {
 protected:
  // The bytes of `ordinals` live as long as the test.
  client::ReceivedBatch BatchOf(uint64_t step, std::vector<int64_t> ordinals) {
    client::ReceivedBatch batch;
    batch.step = step;
    batch.epoch = step / 10;
    batch.tensors.push_back(Tensor("ordinal", std::move(ordinals)));
    return batch;
  }

  client::TensorView Tensor(const std::string& name,
                            std::vector<int64_t> numbers) {
    kept_.push_back(std::move(numbers));
    const std::vector<int64_t>& values = kept_.back();
    return {name,
            v1::INT64,
            {static_cast<int64_t>(values.size())},
            {reinterpret_cast<const uint8_t*>(values.data()),
             values.size() * sizeof(int64_t)}};
  }

  void Log(uint32_t rank, const client::ReceivedBatch& batch) {
    absl::StatusOr<SampleLog> log = SampleLog::Open(path_, rank, 2);
    ASSERT_TRUE(log.ok()) << log.status();
    const absl::Status status = log->Add(batch);
    ASSERT_TRUE(status.ok()) << status;
  }

  std::string Content() {
    std::ostringstream content;
    content << std::ifstream(path_).rdbuf();
    return content.str();
  }

  TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/samples.log";
  std::vector<std::vector<int64_t>> kept_;
};

TEST_F(SampleLogTest, WritesEpochStepRankWorldSizeAndOrdinals) {
  Log(0, BatchOf(9, {5, 7}));
  Log(1, BatchOf(10, {3, -1}));
  EXPECT_EQ(Content(), "0 9 0 2 5 7\n1 10 1 2 3 -1\n");
}

TEST_F(SampleLogTest, SaysWhoseOrdinalsThoseOfAMixtureAre) {
  client::ReceivedBatch batch = BatchOf(9, {5, 7, -1});
  batch.tensors.push_back(Tensor("dataset_index", {1, 0, -1}));
  Log(0, batch);
  EXPECT_EQ(Content(), "0 9 0 2 1:5 0:7 -1\n");
}

TEST_F(SampleLogTest, CutsATornLastLineBeforeItAppends) {
  for (const char* torn : {"1 10 1 2 3 -1\n1 11 1", "1 10 1 2 3 -1\n"}) {
    std::ofstream(path_) << torn;
    Log(1, BatchOf(11, {4}));
    EXPECT_EQ(Content(), "1 10 1 2 3 -1\n1 11 1 2 4\n");
  }
  std::ofstream(path_) << "torn";
  Log(0, BatchOf(0, {1}));
  EXPECT_EQ(Content(), "0 0 0 2 1\n");
}

TEST_F(SampleLogTest, FailuresNameTheFile) {
  EXPECT_THAT(
      std::string(SampleLog::Open("/nowhere/log", 0, 1).status().message()),
      HasSubstr("/nowhere/log"));
  absl::StatusOr<SampleLog> full = SampleLog::Open("/dev/full", 0, 1);
  ASSERT_TRUE(full.ok()) << full.status();
  const absl::Status status = full->Add(BatchOf(0, {1}));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("No space left"));
}

TEST_F(SampleLogTest, BatchesWithoutOrdinalsAreRefused) {
  absl::StatusOr<SampleLog> log = SampleLog::Open(path_, 0, 1);
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(log->Add(client::ReceivedBatch()).code(),
            absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace millrace::cli
