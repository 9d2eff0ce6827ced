#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

namespace millrace {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

std::string Written(LogFormat format, LogLevel level,
                    const std::function<void(Log&)>& use) {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  const std::string path = testing::TempDir() + "/log_" + test->name() + ".txt";
  std::remove(path.c_str());
  {
    Log log(format, level, path);
    use(log);
  }
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(LogTest, LogfmtQuotesOnlyWhatNeedsIt) {
  const std::string text =
      Written(LogFormat::kLogfmt, LogLevel::kInfo, [](Log& log) {
        log.Info("stream opened", {{"client", "a b"},
                                   {"dataset", std::string("mnist/train")},
                                   {"empty", ""},
                                   {"rank", 3u},
                                   {"offset", -4},
                                   {"seconds", 0.5}});
      });
  EXPECT_THAT(text, EndsWith("level=info msg=\"stream opened\" client=\"a b\" "
                             "dataset=mnist/train empty=\"\" rank=3 offset=-4 "
                             "seconds=0.5\n"));
  EXPECT_THAT(text, MatchesRegex("time=[0-9-]+T[0-9:.]+Z level=.*\n"));
}

TEST(LogTest, JsonLinesParseWhateverTheTextHolds) {
  const std::string nasty = "quote \" slash \\ line\nbell \a end";
  const std::string text =
      Written(LogFormat::kJson, LogLevel::kInfo, [&](Log& log) {
        log.Error(nasty, {{"why", nasty}, {"count", uint64_t{1} << 63}});
      });
  const auto line = nlohmann::json::parse(text);
  EXPECT_EQ(line["level"], "error");
  EXPECT_EQ(line["msg"], nasty);
  EXPECT_EQ(line["why"], nasty);
  EXPECT_EQ(line["count"], uint64_t{1} << 63);
}

TEST(LogTest, ALineBreakInAValueDoesNotMakeASecondLine) {
  const std::string text =
      Written(LogFormat::kLogfmt, LogLevel::kInfo, [](Log& log) {
        log.Info("x", {{"client", "a\nlevel=error"}});
      });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_THAT(text, HasSubstr("\"a\\nlevel=error\""));
}

TEST(LogTest, EventsBelowTheLevelAreNotWritten) {
  const std::string text =
      Written(LogFormat::kLogfmt, LogLevel::kWarning, [](Log& log) {
        log.Debug("debug");
        log.Info("info");
        log.Warning("warning");
        log.Error("error");
      });
  EXPECT_THAT(text, Not(HasSubstr("msg=debug")));
  EXPECT_THAT(text, Not(HasSubstr("msg=info")));
  EXPECT_THAT(text, HasSubstr("level=warning msg=warning"));
  EXPECT_THAT(text, HasSubstr("level=error msg=error"));
}

}  // namespace
}  // namespace millrace
