#include "cli/pull_report.h"

#include <gtest/gtest.h>

namespace millrace::cli {
namespace {

TEST(PullReportTest, GoingOnHelpsWhereNeitherDataNorPlanIsToBlame) {
  EXPECT_TRUE(WouldComeAgain(absl::DataLossError("a damaged record")));
  EXPECT_TRUE(WouldComeAgain(absl::InvalidArgumentError("a thin image")));
  EXPECT_TRUE(WouldComeAgain(absl::FailedPreconditionError("too many boxes")));
  EXPECT_FALSE(WouldComeAgain(absl::UnavailableError("no server")));
  EXPECT_FALSE(WouldComeAgain(absl::CancelledError("by Ctrl-C")));
  EXPECT_FALSE(WouldComeAgain(absl::DeadlineExceededError("gave up")));
}

}  // namespace
}  // namespace millrace::cli
