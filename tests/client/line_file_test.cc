#include "client/line_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

namespace millrace::client {
namespace {

using ::testing::ElementsAre;

std::string FreshFile(const std::string& content = "") {
  const std::string path = testing::TempDir() + "/lines";
  std::ofstream(path) << content;
  return path;
}

std::vector<std::string> Lines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

TEST(LineFileTest, ALineWithoutItsEndIsCutOff) {
  const std::string path = FreshFile("whole\ntorn");
  auto file = LineFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(file->Append("next\n").ok());
  EXPECT_THAT(Lines(path), ElementsAre("whole", "next"));
}

// Lines of many pages: a file's size grows page by page while one is written.
TEST(LineFileTest, WhoOpensItCutsNothingThatAnotherWrites) {
  const std::string path = FreshFile();
  constexpr int kLines = 200;
  const std::string tail(64 << 10, 'x');
  std::thread writer([&] {
    auto file = LineFile::Open(path);
    ASSERT_TRUE(file.ok());
    for (int i = 0; i < kLines; ++i) {
      ASSERT_TRUE(file->Append(absl::StrCat(i, " ", tail, "\n")).ok());
    }
  });
  std::thread opener([&] {
    for (int i = 0; i < kLines; ++i) {
      auto file = LineFile::Open(path);
      ASSERT_TRUE(file.ok());
      ASSERT_TRUE(file->Append(absl::StrCat("opened ", i, "\n")).ok());
    }
  });
  writer.join();
  opener.join();
  const std::vector<std::string> lines = Lines(path);
  EXPECT_EQ(lines.size(), 2u * kLines);
  for (const std::string& line : lines) {
    if (line.substr(0, 6) == "opened") continue;
    EXPECT_EQ(line.size(), line.find(' ') + 1 + tail.size());
  }
}

TEST(LineFileTest, AfterAFailureNothingIsAppendedAnyMore) {
  const std::string path = FreshFile();
  auto file = LineFile::Open(path);
  ASSERT_TRUE(file.ok());
  rlimit old;
  getrlimit(RLIMIT_FSIZE, &old);
  signal(SIGXFSZ, SIG_IGN);
  const rlimit little = {3, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &little);
  const absl::Status full = file->Append("too much\n");
  setrlimit(RLIMIT_FSIZE, &old);
  EXPECT_EQ(full.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(file->Append("more\n"), full);
  EXPECT_THAT(Lines(path), ElementsAre("too"));
}

}  // namespace
}  // namespace millrace::client
