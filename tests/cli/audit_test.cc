// What the audit accepts, and what it finds: every rule, and every way to break
// a log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/audit_run.h"
#include "tests/cli/audit_logs.h"

namespace millrace::testing {
namespace {

using cli::AuditReport;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// "KIND: TEXT" of each problem; an error of the audit itself likewise.
std::vector<std::string> Problems(const absl::StatusOr<AuditReport>& report) {
  if (!report.ok()) return {"error: " + std::string(report.status().message())};
  std::vector<std::string> texts;
  for (const cli::AuditProblem& problem : report->problems.list()) {
    texts.push_back(problem.kind + ": " + problem.text);
  }
  return texts;
}

TEST(AuditTest, FourRanksThatHaveEveryStepAreExact) {
  AuditLogs logs;
  logs.World(4, 0, 15);
  const auto report = logs.Audit(3);
  EXPECT_THAT(Problems(report), ElementsAre());
  EXPECT_EQ(report->complete_epochs(), 3u);
  ASSERT_EQ(report->epochs.size(), 3u);
  EXPECT_EQ(report->epochs[2].samples, 60u);
  EXPECT_EQ(report->epochs[2].steps, 5u);
  EXPECT_EQ(report->epochs[2].superseded, 0u);
}

TEST(AuditTest, FourThenTwoThenThreeRanksAreExact) {
  AuditLogs logs;
  // Some ranks ran ahead of the checkpoint at 7, and of that at 11.
  logs.Stream(0, 4, 0, 9);
  logs.Stream(1, 4, 0, 8);
  logs.Stream(2, 4, 0, 7);
  logs.Stream(3, 4, 0, 10);
  logs.Stream(0, 2, 7, 11);
  logs.Stream(1, 2, 7, 13);
  logs.World(3, 11, 15);
  const auto report = logs.Audit(3);
  EXPECT_THAT(Problems(report), ElementsAre());
  EXPECT_THAT(report->world_sizes, ElementsAre(4, 2, 3));
  EXPECT_EQ(report->epochs[1].superseded, 2u + 1u + 3u);
  EXPECT_EQ(report->epochs[2].superseded, 2u);
}

TEST(AuditTest, ARankThatGoesBackToItsStateSupersedesItself) {
  AuditLogs logs;
  for (uint32_t rank : {0, 1, 3}) logs.Stream(rank, 4, 0, 10);
  logs.Stream(2, 4, 0, 6);
  logs.Stream(2, 4, 4, 4);  // Killed before it had a step.
  logs.Stream(2, 4, 4, 10);
  const auto report = logs.Audit(2);
  EXPECT_THAT(Problems(report), ElementsAre());
  EXPECT_EQ(report->epochs[0].superseded, 1u);
  EXPECT_EQ(report->epochs[1].superseded, 1u);
}

TEST(AuditTest, AnUnfinishedEpochIsNoFailureUnlessItWasDemanded) {
  AuditLogs logs;
  logs.World(4, 0, 8);
  const auto report = logs.Audit(1);
  EXPECT_THAT(Problems(report), ElementsAre());
  ASSERT_EQ(report->epochs.size(), 2u);
  EXPECT_FALSE(report->epochs[1].finished);
  EXPECT_EQ(report->epochs[1].steps, 3u);
  EXPECT_THAT(Problems(logs.Audit(2)),
              ElementsAre(HasSubstr("1 epoch of the 2 demanded")));
}

TEST(AuditTest, ADroppedLineIsFoundAndNamed) {
  AuditLogs logs;
  logs.World(4, 0, 15);
  auto& lines = logs.lines(1);
  lines.erase(lines.begin() + logs.LineOf(1, 7));
  const auto report = logs.Audit();
  EXPECT_THAT(Problems(report),
              Contains(AllOf(HasSubstr("missing: step 7, positions 3-5 of 12"),
                             HasSubstr("rank 1 of 4"),
                             HasSubstr(logs.Path(1) + ":1"))));
  // Which are 189 mod 60 + 5 and so on.
  EXPECT_THAT(Problems(report),
              Contains(HasSubstr("3 samples did not come: 14, 21, 28")));
  EXPECT_TRUE(report->Complete(report->epochs[0]));
  EXPECT_FALSE(report->Complete(report->epochs[1]));
  EXPECT_TRUE(report->Complete(report->epochs[2]));
}

// The epoch counts as finished, since others had its last step.
TEST(AuditTest, ADroppedLastLineIsFoundAndNamed) {
  AuditLogs logs;
  logs.World(4, 0, 15);
  logs.lines(2).pop_back();
  EXPECT_THAT(Problems(logs.Audit()),
              Contains(AllOf(
                  HasSubstr("missing: step 14, positions 6-8"),
                  HasSubstr("rank 2 of 4"),
                  HasSubstr("stands at step 13 (" + logs.Path(2) + ":15)"))));
}

TEST(AuditTest, WhicheverLineIsDroppedOrDoubledIsFound) {
  // Four ranks, then two, of which one went back.
  AuditLogs logs;
  logs.World(4, 0, 8);
  logs.World(2, 7, 12);
  logs.Stream(1, 2, 10, 15);
  logs.Stream(0, 2, 12, 15);
  EXPECT_THAT(Problems(logs.Audit(3)), ElementsAre());
  for (uint32_t rank = 0; rank < 4; ++rank) {
    const std::vector<std::string> whole = logs.lines(rank);
    for (size_t line = 0; line < whole.size(); ++line) {
      auto& lines = logs.lines(rank);
      lines.insert(lines.begin() + line, whole[line]);
      EXPECT_THAT(Problems(logs.Audit()), Contains(HasSubstr(logs.Path(rank))))
          << "doubled line " << line << " of rank " << rank;
      lines = whole;
      lines.erase(lines.begin() + line);
      // Step 7 of four ranks, 10 and 11 of one of two are superseded.
      const bool needed = line != 8 && (rank != 1 || line < 13 || line > 14);
      EXPECT_EQ(Problems(logs.Audit(3)).empty(), !needed)
          << "dropped line " << line << " of rank " << rank;
      lines = whole;
    }
  }
}

TEST(AuditTest, AMissingLogIsFoundAndNamed) {
  AuditLogs logs;
  for (uint32_t rank : {0, 1, 3}) logs.Stream(rank, 4, 0, 5);
  EXPECT_THAT(Problems(logs.Audit()),
              Contains(AllOf(HasSubstr("missing: steps 0-4, positions 6-8"),
                             HasSubstr("no stream of rank 2 of 4"),
                             HasSubstr("is a log missing?"))));
}

TEST(AuditTest, AMissingBeginningIsFoundAndNamed) {
  AuditLogs logs;
  logs.World(2, 7, 15);
  const auto report = logs.Audit();
  EXPECT_THAT(Problems(report),
              Contains(HasSubstr("missing: steps 5-6, positions 0-11")));
  EXPECT_TRUE(report->Complete(report->epochs[1]));
}

TEST(AuditTest, ADoubledLineIsFoundAndNamed) {
  AuditLogs logs;
  logs.World(4, 0, 15);
  auto& lines = logs.lines(3);
  const size_t line = logs.LineOf(3, 4);
  lines.insert(lines.begin() + line, lines[line]);
  EXPECT_THAT(Problems(logs.Audit()),
              ElementsAre(absl::StrCat(
                  "doubled: step 4 of rank 3 of 4 was delivered twice by one "
                  "stream: ",
                  logs.Path(3), ":6 and ", logs.Path(3), ":7")));
}

TEST(AuditTest, StepsOutOfOrderAreFoundAndNamed) {
  AuditLogs logs;
  logs.World(2, 0, 5);
  auto& lines = logs.lines(0);
  std::swap(lines[2], lines[3]);
  EXPECT_THAT(Problems(logs.Audit()),
              ElementsAre(HasSubstr("disorder: step 1 of rank 0 of 2 came "
                                    "after step 2")));
}

TEST(AuditTest, AChangedOrdinalIsFoundAsASampleThatCameTwice) {
  AuditLogs logs;
  logs.World(4, 0, 15);
  const std::string old = logs.GetSample(0, 6, 1);
  const std::string other = logs.GetSample(2, 8, 0);
  logs.SetSample(0, 6, 1, other);
  const auto problems = Problems(logs.Audit());
  EXPECT_THAT(
      problems,
      Contains(AllOf(HasSubstr("doubled: sample " + other + " came 2 times"),
                     HasSubstr("position 1 of step 6 of rank 0 of 4 (" +
                               logs.Path(0) + ":8)"),
                     HasSubstr("step 8 of rank 2 of 4"))));
  EXPECT_THAT(problems,
              Contains(HasSubstr("missing: 1 sample did not come: " + old)));
}

TEST(AuditTest, AnOrdinalThatTheDatasetDoesNotHaveIsFound) {
  AuditLogs logs;
  logs.World(4, 0, 5);
  logs.SetSample(1, 2, 0, "60");
  EXPECT_THAT(Problems(logs.Audit()),
              Contains(AllOf(HasSubstr("misplaced: step 2 of rank 1 of 4"),
                             HasSubstr("the dataset has only 60"))));
}

TEST(AuditTest, WithASelectionEachEpochMustHaveTheSameSamples) {
  Course course = ShuffledCourse();
  course.plan.mutable_selection()->add_classes("3");
  const auto dense = course.sample;
  course.sample = [dense](uint64_t epoch, uint64_t position) {
    return dense(epoch, position) + "0";  // Every tenth.
  };
  AuditLogs logs(course);
  logs.World(4, 0, 15);
  EXPECT_THAT(Problems(logs.Audit()), ElementsAre());
  const std::string old = logs.GetSample(1, 12, 0);
  logs.SetSample(1, 12, 0, "7");
  EXPECT_THAT(
      Problems(logs.Audit()),
      ElementsAre(HasSubstr("1 sample did not come that came before: " + old),
                  HasSubstr("1 sample came that did not come before: 7")));
}

TEST(AuditTest, OnePositionWithTwoSamplesIsImpure) {
  AuditLogs logs;
  logs.World(4, 0, 9);
  logs.World(2, 7, 15);
  // Superseded, and still evidence.
  const std::string old = logs.GetSample(3, 8, 2);
  logs.SetSample(3, 8, 2, "59");
  const auto problems = Problems(logs.Audit());
  ASSERT_NE(old, "59");
  EXPECT_THAT(problems,
              ElementsAre(AllOf(
                  HasSubstr("impure: position 11 is sample 59 in step 8 of "
                            "rank 3 of 4 (" +
                            logs.Path(3)),
                  HasSubstr("but " + old + " in step 8 of rank 1 of 2 (" +
                            logs.Path(1)))));
}

TEST(AuditTest, OneBatchWithTwoDigestsIsImpure) {
  AuditLogs logs;
  logs.World(2, 0, 4);
  logs.World(2, 3, 5);
  std::string& line = logs.lines(1)[logs.LineOf(1, 3)];
  line.replace(line.find("step 0 3 ") + 9, 16, "00000000deadbeef");
  EXPECT_THAT(
      Problems(logs.Audit()),
      ElementsAre(AllOf(
          HasSubstr("impure: the tensors of step 3 of rank 1 of 2 (" +
                    logs.Path(1) + ":5) have the digest 00000000deadbeef"),
          HasSubstr(logs.Path(1) + ":7"))));
}

TEST(AuditTest, TwoTrainersOfOneRankAtOnceAreFound) {
  AuditLogs logs;
  const uint64_t first = logs.Stream(0, 1, 0, 3);
  logs.Stream(0, 1, 0, 2);
  logs.Steps(first, 3, 5);
  logs.Steps(first + 1, 2, 5);
  EXPECT_THAT(Problems(logs.Audit()),
              Contains(AllOf(HasSubstr("doubled: step 3 of rank 0 of 1"),
                             HasSubstr("two of one rank ran at once"))));
}

TEST(AuditTest, PaddingBelongsToTheEndOfAnEpochAlone) {
  Course course = ShuffledCourse();
  course.positions = 55;
  course.plan.mutable_batch()->set_remainder(v1::BatchOptions::PAD);
  course.sample = [](uint64_t epoch, uint64_t position) {
    return absl::StrCat((position * 7 + epoch) % 55);
  };
  AuditLogs logs(course);
  logs.World(3, 0, 10);
  const auto report = logs.Audit(2);
  EXPECT_THAT(Problems(report), ElementsAre());
  EXPECT_EQ(report->epochs[1].samples, 55u);

  logs.SetSample(0, 2, 1, "-1");
  EXPECT_THAT(Problems(logs.Audit()),
              Contains(HasSubstr("position 1 is padded, though")));
  AuditLogs over(course);
  over.World(3, 0, 5);
  over.SetSample(2, 4, 3, "7");
  EXPECT_THAT(Problems(over.Audit()),
              Contains(HasSubstr("though the epoch has no samples left")));
}

TEST(AuditTest, DropLeavesOutTheRemainder) {
  Course course = ShuffledCourse();
  course.positions = 65;
  course.sample = [](uint64_t epoch, uint64_t position) {
    return absl::StrCat((position * 7 + epoch) % 65);
  };
  AuditLogs logs(course);
  logs.World(3, 0, 10);
  const auto report = logs.Audit(2);
  EXPECT_THAT(Problems(report), ElementsAre());
  EXPECT_EQ(report->epochs[0].samples, 60u);
}

TEST(AuditTest, OfDrawnSamplesAndMixturesOnlyPositionsCount) {
  Course course = ShuffledCourse();
  course.plan.mutable_sampler()->set_order(v1::Sampler::CLASS_BALANCED);
  course.sample = [](uint64_t, uint64_t position) {
    return absl::StrCat(position % 9);
  };
  AuditLogs drawn(course);
  drawn.World(4, 0, 5);
  EXPECT_THAT(Problems(drawn.Audit(1)), ElementsAre());

  course = ShuffledCourse();
  course.plan.mutable_mixture()->add_parts()->set_dataset("more@89abcdef");
  course.sample = [](uint64_t, uint64_t position) {
    return absl::StrCat(position % 2, ":", position / 3);
  };
  AuditLogs mixed(course);
  mixed.World(4, 0, 7);
  mixed.World(4, 4, 10);
  EXPECT_THAT(Problems(mixed.Audit(2)), ElementsAre());
  mixed.SetSample(2, 6, 0, "1:99");
  EXPECT_THAT(Problems(mixed.Audit()),
              ElementsAre(HasSubstr("impure: position 6 is sample 1:99")));
}

TEST(AuditTest, LogsOfDifferentPlansAreRefusedByName) {
  AuditLogs logs;
  logs.World(2, 0, 5);
  Course course = ShuffledCourse();
  course.plan.set_seed(9);
  course.plan_digest = 5;
  AuditLogs others(course, 100);
  others.World(2, 0, 5);
  auto paths = logs.Write();
  paths.push_back(others.Write()[0]);
  cli::AuditOptions options;
  options.logs = paths;
  EXPECT_THAT(
      Problems(cli::Audit(options)),
      ElementsAre(AllOf(HasSubstr(others.Path(0) + ":1: another plan"),
                        HasSubstr(logs.Path(0) + ":1"), HasSubstr("seed"),
                        HasSubstr("0000000000000005"))));
}

TEST(AuditTest, ALogGivenTwiceIsRefused) {
  AuditLogs logs;
  logs.World(1, 0, 5);
  cli::AuditOptions options;
  options.logs = {logs.Write()[0], logs.Path(0)};
  EXPECT_THAT(Problems(cli::Audit(options)),
              ElementsAre(HasSubstr("was one log given twice?")));
}

// A millennium of epochs that nobody had is one gap, not a long loop.
TEST(AuditTest, AStepFarOutIsOneGap) {
  AuditLogs logs;
  logs.Stream(0, 1, 0, 3);
  logs.Stream(0, 1, 1000000000000000, 1000000000000005);
  const auto report = logs.Audit();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_FALSE(report->exact());
  EXPECT_EQ(report->problems.list().size(), 100u);
}

struct Damage {
  const char* name;
  size_t line;
  const char* text;
  const char* message;
};

class AuditLineTest : public ::testing::TestWithParam<Damage> {};

TEST_P(AuditLineTest, IsRefusedByFileAndLine) {
  AuditLogs logs;
  logs.World(1, 0, 5);
  logs.lines(0)[GetParam().line] = GetParam().text;
  EXPECT_THAT(
      Problems(logs.Audit()),
      ElementsAre(AllOf(
          HasSubstr(absl::StrCat(logs.Path(0), ":", GetParam().line + 1, ": ")),
          HasSubstr(GetParam().message))));
}

#define STREAM "0000000000000000"
INSTANTIATE_TEST_SUITE_P(
    All, AuditLineTest,
    ::testing::Values(
        Damage{"Garbage", 2, "#!%", "no line of an audit log"},
        Damage{"Empty", 3, "", "no line of an audit log"},
        Damage{"Version", 0,
               STREAM " open 2 1 0 1 0 5 60 12 1122334455667788 QQ",
               "version 2 of the format; this program reads 1"},
        Damage{"Rank", 0, STREAM " open 1 1 3 3 0 5 60 12 1122334455667788 CgA",
               "rank 3 of world size 3"},
        Damage{"WorldSize", 0,
               STREAM " open 1 1 0 5 0 5 60 12 1122334455667788 CgA",
               "does not divide"},
        Damage{"Steps", 0,
               STREAM " open 1 1 0 1 0 9 60 12 1122334455667788 CgA",
               "9 steps an epoch"},
        Damage{"NoOpen", 0, STREAM " step 0 0 0000000000000000 1 2",
               "not opened before"},
        Damage{"Ordinal", 1, STREAM " step 0 0 0000000000000000 1 x2",
               "\"x2\" is no ordinal"},
        Damage{"Negative", 1, STREAM " step 0 0 0000000000000000 -2",
               "\"-2\" is no ordinal"},
        Damage{"Count", 1, STREAM " step 0 0 0000000000000000 1 2",
               "has 2 samples; rank 0 of 1 has 12"},
        Damage{"Epoch", 1, STREAM " step 1 0 0000000000000000 1 2",
               "is of epoch 0, not 1"},
        Damage{"Huge", 1,
               STREAM " step 0 9223372036854775807 0000000000000000 1 2",
               "there is no step"}),
    [](const auto& test) { return test.param.name; });
#undef STREAM

TEST(AuditTest, ATornLastLineIsRefusedByFileAndLine) {
  AuditLogs logs;
  logs.World(1, 0, 5);
  const std::string path = logs.Write()[0];
  std::string text = ReadFile(path);
  text.resize(text.size() - 4);
  WriteFile(path, text);
  cli::AuditOptions options;
  options.logs = {path};
  EXPECT_THAT(Problems(cli::Audit(options)),
              ElementsAre(AllOf(HasSubstr(path + ":6: the last line is torn"),
                                HasSubstr("truncate -s "))));
}

}  // namespace
}  // namespace millrace::testing
