#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/cli/run_program.h"

namespace millrace::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Words = std::vector<std::string>;

TEST(MainTest, HelpOfEveryCommandNamesItsFlagsAndGivesAnExample) {
  const std::map<Words, Words> kFlags = {
      {{"ingest", "mnist"},
       {"--images", "--labels", "--dataset", "--strict", "--report", "--shards",
        "--threads", "--json", "--data-dir", "MILLRACE_DATA_DIR"}},
      {{"ingest", "imagenet"},
       {"--images", "--boxes", "--synsets", "--hierarchy", "--ground-truth"}},
      {{"ingest", "coco"}, {"--images", "--annotations", "--report"}},
      {{"ingest", "folder"}, {"--images", "--report"}},
      {{"datasets"}, {"--data-dir", "--json"}},
      {{"show"}, {"--sample", "--picture", "--quarantine", "--all", "--json"}},
      {{"verify"}, {"--threads", "--json"}},
      {{"rm"}, {"--yes"}},
      {{"pull"}, {"--endpoint", "--plan", "--picture"}}};
  for (const auto& [command, flags] : kFlags) {
    Words arguments = command;
    arguments.push_back("--help");
    const Outcome help = Millrace(arguments);
    EXPECT_EQ(help.code, 0) << help.err;
    EXPECT_THAT(help.out, HasSubstr("Example"));
    for (const std::string& flag : flags) {
      EXPECT_THAT(help.out, HasSubstr(flag));
    }
  }
}

TEST(MainTest, WrongUsageIsExitCodeTwoAndOneLineThatPointsToHelp) {
  const std::vector<Words> kWrong = {
      {},
      {"frobnicate"},
      {"ingest"},
      {"ingest", "frobnicate"},
      {"ingest", "mnist"},
      {"ingest", "folder", "--dataset", "x", "--images", ".", "--data-dir", ".",
       "--shards", "-1"},
      {"ingest", "folder", "--dataset", "a b", "--images", ".", "--data-dir",
       "."},
      {"ingest", "folder", "--dataset", "x@0123456789abcdef", "--images", ".",
       "--data-dir", "."},
      {"show"},
      {"show", "x", "--frobnicate"},
      {"show", "x", "--data-dir", ".", "--picture", "x.png"},
      {"verify", "x", "--data-dir", ".", "--threads", "many"},
  };
  for (const Words& arguments : kWrong) {
    const Outcome outcome = Millrace(arguments);
    SCOPED_TRACE(outcome.err);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_THAT(outcome.err, StartsWith("millrace: "));
    EXPECT_THAT(outcome.err, HasSubstr("--help"));
    EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1);
  }
}

TEST(MainTest, UnknownCommandsAndOptionsAreNamed) {
  EXPECT_THAT(Millrace({"frobnicate"}).err,
              HasSubstr("unknown command \"frobnicate\""));
  EXPECT_THAT(Millrace({"show", "--frobnicate"}).err,
              HasSubstr("unknown option \"--frobnicate\""));
}

TEST(MainTest, HelpForAnUnknownCommandIsRefused) {
  for (const Words& arguments :
       {Words{"nonsense", "--help"}, {"ingest", "nonsense", "--help"}}) {
    const Outcome outcome = Millrace(arguments);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_THAT(outcome.err, HasSubstr("unknown command \"nonsense\""));
  }
  EXPECT_EQ(Millrace({"ingest", "--help"}).code, 0);
  EXPECT_EQ(Millrace({"show", "anything", "--help"}).code, 0);
}

TEST(MainTest, NumbersOutOfRangeAreRefusedInOneShortLine) {
  const std::vector<std::pair<std::string, std::string>> kWrong = {
      {"--steps", "0"},        {"--steps", "-1"},        {"--steps", "many"},
      {"--epochs", "0"},       {"--prefetch-mb", "0"},   {"--save-every", "0"},
      {"--hedge-after", "-1"}, {"--hedge-after", "inf"}, {"--start-step", "-1"},
      {"--rank", "-1"},        {"--world-size", "-1"},   {"--prefetch", "-1"},
      {"--connections", "0"},  {"--give-up-after", "-1"}};
  for (const auto& [flag, value] : kWrong) {
    const Outcome outcome = Millrace(
        {"pull", "--endpoint", "127.0.0.1:1", "--plan", "x", flag, value});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr(flag));
    EXPECT_THAT(outcome.err, HasSubstr("\"" + value + "\" is not a "));
    EXPECT_LT(outcome.err.size(), 120u) << outcome.err;
  }
}

TEST(MainTest, IngestSaysThatItTakesNoVersion) {
  for (const char* dataset : {"a@b", "a@0123456789abcdef", "@"}) {
    const Outcome outcome = Millrace({"ingest", "folder", "--dataset", dataset,
                                      "--images", ".", "--data-dir", "."});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("a name without @VERSION"));
  }
}

TEST(MainTest, OptionsOfImageFilesAreNotTakenForDigits) {
  for (const Words& option :
       {Words{"--max-side", "20"}, {"--quality", "9"}, {"--keep-original"}}) {
    Words arguments = {"ingest",   "mnist", "--dataset",  "x", "--images", "x",
                       "--labels", "x",     "--data-dir", "."};
    arguments.insert(arguments.end(), option.begin(), option.end());
    const Outcome outcome = Millrace(arguments);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr(option[0]));
  }
  EXPECT_THAT(Millrace({"ingest", "mnist", "--help"}).out,
              ::testing::Not(HasSubstr("--max-side")));
  EXPECT_THAT(Millrace({"ingest", "coco", "--help"}).out,
              HasSubstr("--max-side"));
}

TEST(MainTest, WithoutADataFolderTheVariableIsNamed) {
  const Outcome outcome = Millrace({"datasets"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("MILLRACE_DATA_DIR"));
}

TEST(MainTest, TheDataFolderMayComeFromTheEnvironment) {
  const TempFolder folder;
  RunOptions options;
  options.environment = {"MILLRACE_DATA_DIR=" + folder.path()};
  const Outcome outcome = Millrace({"datasets", "--json"}, options);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "[]\n");
}

TEST(MainTest, AMissingDataFolderIsNamedWithTheRemedy) {
  const TempFolder folder;
  RunOptions options;
  options.environment = {"MILLRACE_DATA_DIR=" + (folder / "none")};
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"datasets"},
        {"show", "x"},
        {"verify", "x"},
        {"rm", "x"}}) {
    const Outcome outcome = Millrace(command, options);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, HasSubstr(folder / "none"));
    EXPECT_THAT(outcome.err, HasSubstr("the folder that ingest publishes"));
  }
}

TEST(MainTest, PullFromNobodySaysWhyOnceAndWhatToCheck) {
  const TempFolder folder;
  WriteFile(folder / "plan.textproto", "dataset: 'x' batch { size: 1 }");
  const std::vector<std::string> pull = {
      "pull", "--plan", folder / "plan.textproto", "--give-up-after", "1"};
  const auto from = [&](const std::string& endpoint) {
    std::vector<std::string> arguments = pull;
    arguments.insert(arguments.end(), {"--endpoint", endpoint});
    return Millrace(arguments);
  };
  // Nothing listens on port 1 of this machine.
  const Outcome down = from("127.0.0.1:1");
  EXPECT_EQ(down.code, 1);
  EXPECT_THAT(down.err, HasSubstr("check that millraced runs there"));
  EXPECT_EQ(std::count(down.err.begin(), down.err.end(), '\n'), 2) << down.err;

  const Outcome no_port = from("localhost");
  EXPECT_EQ(no_port.code, 2);
  EXPECT_THAT(no_port.err, HasSubstr("such as localhost:8090"));
}

TEST(MainTest, VersionIsPrinted) {
  const Outcome outcome = Millrace({"version"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, StartsWith("millrace 0."));
}

}  // namespace
}  // namespace millrace::testing
