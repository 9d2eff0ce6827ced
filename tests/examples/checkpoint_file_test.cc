#include "examples/cnn/checkpoint_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/samples.h"

namespace millrace::cnn {
namespace {

using testing::HasSubstr;

class CheckpointFileTest : public testing::Test {
 protected:
  CheckpointFileTest() {
    checkpoint_.set_version(kCheckpointVersion);
    checkpoint_.set_optimizer("adam");
    // Values that text would not keep.
    for (const float weight : {0.1f, -0.0f, 1e-42f, 3.4e38f}) {
      checkpoint_.add_weights(weight);
    }
  }

  absl::Status LoadError() {
    const auto loaded = LoadCheckpoint(file_);
    EXPECT_THAT(std::string(loaded.status().message()), HasSubstr(file_));
    return loaded.status();
  }

  TemporaryFolder folder_;
  const std::string file_ = folder_.path() + "/checkpoint";
  Checkpoint checkpoint_;
};

TEST_F(CheckpointFileTest, KeepsEveryBit) {
  ASSERT_TRUE(SaveCheckpoint(file_, checkpoint_).ok());
  const auto loaded = LoadCheckpoint(file_);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_TRUE(loaded->has_value());
  EXPECT_EQ((*loaded)->SerializeAsString(), checkpoint_.SerializeAsString());
}

TEST_F(CheckpointFileTest, NoFileIsNoCheckpoint) {
  const auto loaded = LoadCheckpoint(file_);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_FALSE(loaded->has_value());
}

TEST_F(CheckpointFileTest, EveryFlippedBitAndLostByteIsDataLoss) {
  ASSERT_TRUE(SaveCheckpoint(file_, checkpoint_).ok());
  const std::string whole = ReadAll(file_);
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string flipped = whole;
    flipped[i] ^= 0x10;
    WriteAll(file_, flipped);
    EXPECT_EQ(LoadError().code(), absl::StatusCode::kDataLoss) << i;
    WriteAll(file_, whole.substr(0, i));
    EXPECT_EQ(LoadError().code(), absl::StatusCode::kDataLoss) << i;
  }
}

TEST_F(CheckpointFileTest, OtherVersionsAreRefused) {
  checkpoint_.set_version(kCheckpointVersion + 1);
  ASSERT_TRUE(SaveCheckpoint(file_, checkpoint_).ok());
  EXPECT_EQ(LoadError().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(CheckpointFileTest, WhatCannotBeReadOrWrittenIsNamed) {
  const auto loaded = LoadCheckpoint(folder_.path());
  EXPECT_EQ(loaded.status().code(), absl::StatusCode::kFailedPrecondition);
  const absl::Status saved = SaveCheckpoint("/nowhere/checkpoint", checkpoint_);
  EXPECT_EQ(saved.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(saved.message()), HasSubstr("/nowhere/checkpoint"));
}

}  // namespace
}  // namespace millrace::cnn
