#include "evaluation/confusion_matrix.h"

#include <gtest/gtest.h>

namespace millrace {
namespace {

ConfusionMatrix CatsAndDogs() {
  ConfusionMatrix matrix({"cat", "dog"});
  for (int i = 0; i < 3; ++i) matrix.Add(0, 0);
  matrix.Add(0, 1);
  for (int i = 0; i < 2; ++i) matrix.Add(1, 1);
  return matrix;
}

TEST(ConfusionMatrixTest, SharesFollowFromTheCounts) {
  const ConfusionMatrix matrix = CatsAndDogs();
  EXPECT_EQ(matrix.total(), 6u);
  EXPECT_EQ(matrix.count(0, 1), 1u);
  EXPECT_EQ(matrix.count(1, 0), 0u);
  EXPECT_DOUBLE_EQ(matrix.accuracy(), 5.0 / 6);
  EXPECT_DOUBLE_EQ(matrix.recall(0), 3.0 / 4);
  EXPECT_DOUBLE_EQ(matrix.recall(1), 1.0);
  EXPECT_DOUBLE_EQ(matrix.precision(0), 1.0);
  EXPECT_DOUBLE_EQ(matrix.precision(1), 2.0 / 3);
}

TEST(ConfusionMatrixTest, EmptyMatrixHasNoAccuracyAndDoesNotDivideByZero) {
  const ConfusionMatrix matrix({"cat", "dog"});
  EXPECT_EQ(matrix.accuracy(), 0);
  EXPECT_EQ(matrix.recall(0), 0);
  EXPECT_EQ(matrix.precision(1), 0);
}

TEST(ConfusionMatrixTest, TableShowsCountsAndShares) {
  EXPECT_EQ(CatsAndDogs().ToString(),
            "   true    cat    dog  recall\n"
            "    cat      3      1   75.0%\n"
            "    dog      0      2  100.0%\n"
            "  prec. 100.0%  66.7%   83.3%\n");
}

}  // namespace
}  // namespace millrace
