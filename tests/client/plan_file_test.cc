#include "client/plan_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace millrace::client {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(PlanFileTest, ReadsCommentsAndFields) {
  const auto plan = ParsePlan(
      "# Digits.\n"
      "dataset: \"mnist/train\"  # The newest version.\n"
      "transforms { center_crop { size: 28 } }\n"
      "batch { size: 128 remainder: PAD }\n",
      "p");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->dataset(), "mnist/train");
  EXPECT_EQ(plan->batch().remainder(), v1::BatchOptions::PAD);
}

TEST(PlanFileTest, MistakesAreNamedWithFileLineAndField) {
  const auto error = [](const char* text) {
    const auto plan = ParsePlan(text, "my.textproto");
    EXPECT_EQ(plan.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(plan.status().message());
  };
  const std::string unknown = error("dataset: \"x\"\nbatch { sise: 128 }\n");
  EXPECT_THAT(unknown, StartsWith("my.textproto:2:"));
  EXPECT_THAT(unknown, HasSubstr("\"sise\""));
  EXPECT_THAT(error("seed: \"one\""), StartsWith("my.textproto:1:7:"));
  EXPECT_THAT(error("batch { size: 1"), StartsWith("my.textproto:1:"));
}

TEST(PlanFileTest, MissingFilesAreNamed) {
  const auto plan = ReadPlanFile("/nowhere/plan.textproto");
  EXPECT_EQ(plan.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(plan.status().message()),
              HasSubstr("/nowhere/plan.textproto"));
}

TEST(PlanFileTest, ReadyMadePlansAreWellFormed) {
  const char* root = std::getenv("MILLRACE_SOURCE_DIR");
  if (root == nullptr) GTEST_SKIP() << "MILLRACE_SOURCE_DIR is not set";
  int plans = 0;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::filesystem::path(root) / "examples/plans")) {
    if (entry.path().extension() != ".textproto") continue;
    ++plans;
    const auto plan = ReadPlanFile(entry.path().string());
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_FALSE(plan->dataset().empty()) << entry.path();
    EXPECT_GT(plan->batch().size(), 0u) << entry.path();
  }
  EXPECT_GE(plans, 7);
}

}  // namespace
}  // namespace millrace::client
