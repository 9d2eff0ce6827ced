#include "evaluation/accuracy.h"

#include <gtest/gtest.h>

#include <vector>

namespace millrace {
namespace {

TEST(AccuracyTest, TopOneAndTopTwoCountWhatTheySay) {
  const std::vector<float> scores = {
      0.1f, 0.7f, 0.2f,  // Label 1: first.
      0.5f, 0.3f, 0.2f,  // Label 1: second.
      0.5f, 0.3f, 0.2f,  // Label 2: third.
  };
  const std::vector<int64_t> labels = {1, 1, 2};
  EXPECT_DOUBLE_EQ(TopKAccuracy(scores, labels, 3, 1), 1.0 / 3);
  EXPECT_DOUBLE_EQ(TopKAccuracy(scores, labels, 3, 2), 2.0 / 3);
  EXPECT_DOUBLE_EQ(TopKAccuracy(scores, labels, 3, 3), 1.0);
}

TEST(AccuracyTest, EqualScoresRankByClass) {
  const std::vector<float> scores = {0.5f, 0.5f};
  EXPECT_DOUBLE_EQ(TopKAccuracy(scores, {0}, 2, 1), 1.0);
  EXPECT_DOUBLE_EQ(TopKAccuracy(scores, {1}, 2, 1), 0.0);
  EXPECT_EQ(ArgMax(scores), 0);
}

TEST(AccuracyTest, PaddingDoesNotCount) {
  const std::vector<float> scores = {0.9f, 0.1f, 0, 0};
  EXPECT_DOUBLE_EQ(TopKAccuracy(scores, {0, -1}, 2, 1), 1.0);
  EXPECT_DOUBLE_EQ(TopKAccuracy(scores, {-1, -1}, 2, 1), 0.0);
  EXPECT_DOUBLE_EQ(TopKAccuracy({}, {}, 2, 1), 0.0);
}

TEST(AccuracyTest, ArgMaxOfNothingIsNoClass) {
  EXPECT_EQ(ArgMax({}), -1);
  EXPECT_EQ(ArgMax({1, 3, 2}), 1);
}

}  // namespace
}  // namespace millrace
