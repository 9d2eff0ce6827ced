// Publishing a dataset, interrupted at every single step.
#include <spawn.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "storage/data_dir.h"
#include "storage/layout.h"
#include "storage/verify.h"
#include "tests/storage/fault_child.h"
#include "tests/support/samples.h"

namespace millrace {
namespace {

// More than publishing makes calls; a bound on the loops below.
constexpr int kMaxCalls = 2000;

class CrashTest : public testing::Test {
 protected:
  // How the child ended, as of waitpid.
  int RunChild(const std::string& fault, int call) {
    std::string program =
        std::filesystem::read_symlink("/proc/self/exe").parent_path() /
        "storage_fault_child";
    std::string root = folder_.path();
    std::string kind = fault;
    std::string number = absl::StrCat(call);
    char* const arguments[] = {program.data(), root.data(), kind.data(),
                               number.data(), nullptr};
    pid_t pid = 0;
    EXPECT_EQ(posix_spawn(&pid, program.c_str(), nullptr, nullptr, arguments,
                          environ),
              0)
        << program;
    int ended = 0;
    EXPECT_EQ(waitpid(pid, &ended, 0), pid);
    return ended;
  }

  // Whether the dataset is there; if so, it is all there.
  bool IsPublishedWhole() {
    std::vector<std::string> problems;
    const auto infos = dir_.List(&problems);
    EXPECT_TRUE(infos.ok()) << infos.status();
    EXPECT_TRUE(problems.empty()) << problems.front();
    if (infos->empty()) return false;
    const auto report = VerifyDataset(dir_, {"a", ""});
    EXPECT_TRUE(report.ok()) << report.status();
    EXPECT_TRUE(report.ok() && report->ok());
    return true;
  }

  // Afterwards nothing remains of what went wrong before.
  void ExpectNextRunSucceeds() {
    const auto info =
        PublishSamples(folder_.path(), "a", FaultChildSamples(), 2);
    ASSERT_TRUE(info.ok()) << info.status();
    EXPECT_EQ(info->version(), version_);
    EXPECT_TRUE(std::filesystem::is_empty(StagingRoot(folder_.path())));
    ASSERT_TRUE(dir_.Remove({"a", ""}).ok());
  }

  void SetUp() override {
    const auto info =
        PublishSamples(folder_.path(), "a", FaultChildSamples(), 2);
    ASSERT_TRUE(info.ok()) << info.status();
    version_ = info->version();
    ASSERT_TRUE(dir_.Remove({"a", ""}).ok());
  }

  const TemporaryFolder folder_;
  const DataDir dir_{folder_.path()};
  std::string version_;
};

TEST_F(CrashTest, KilledAtAnyStepItLeavesNothingOrAll) {
  int nothing = 0;
  int all = 0;
  for (int call = 1; call < kMaxCalls; ++call) {
    SCOPED_TRACE(absl::StrCat("killed at call ", call));
    const int ended = RunChild("crash", call);
    if (WIFEXITED(ended)) {
      ASSERT_EQ(WEXITSTATUS(ended), kFaultChildDone);
      break;
    }
    ASSERT_EQ(WTERMSIG(ended), SIGKILL);
    ++(IsPublishedWhole() ? all : nothing);
    ASSERT_NO_FATAL_FAILURE(ExpectNextRunSucceeds());
  }
  EXPECT_GT(nothing, 50);
  EXPECT_GT(all, 0);
}

TEST_F(CrashTest, WhatIsPublishedIsDurable) {
  const int ended = RunChild("synced", kMaxCalls);
  ASSERT_TRUE(WIFEXITED(ended));
  EXPECT_EQ(WEXITSTATUS(ended), kFaultChildDone);
}

TEST_F(CrashTest, AFullDiskAtAnyStepLeavesNothingOrAllAndSaysSo) {
  int full = 0;
  for (int call = 1; call < kMaxCalls; ++call) {
    SCOPED_TRACE(absl::StrCat("the disk is full at call ", call));
    const int ended = RunChild("full", call);
    ASSERT_TRUE(WIFEXITED(ended));
    const int code = WEXITSTATUS(ended);
    if (code == kFaultChildDone) break;
    ASSERT_TRUE(code == kFaultChildFull || code == kFaultChildSurvived) << code;
    full += code == kFaultChildFull;
    EXPECT_TRUE(IsPublishedWhole() || code == kFaultChildFull);
    ASSERT_NO_FATAL_FAILURE(ExpectNextRunSucceeds());
  }
  EXPECT_GT(full, 20);
}

}  // namespace
}  // namespace millrace
