// The audit against datasets on disk, and the command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "pipeline/plan_compiler.h"
#include "storage/data_dir.h"
#include "tests/cli/audit_logs.h"
#include "tests/cli/run_program.h"

namespace millrace::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::shared_ptr<const SampleStore> OpenDataset(const std::string& data_dir,
                                               const std::string& name) {
  return *DataDir(data_dir).Open(*DatasetRef::Parse(name));
}

// What a server makes of the plan.
Course CourseOf(const v1::Plan& plan, const SampleStores& stores) {
  const auto compiled = CompiledPlan::Compile(plan, stores);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  const std::shared_ptr<const CompiledPlan> made = *compiled;
  Course course;
  course.plan = made->plan();
  course.plan_digest = made->digest();
  course.positions = made->order().positions();
  course.global_batch = made->plan().batch().size();
  course.sample = [made](uint64_t epoch, uint64_t position) {
    const uint64_t ordinal = made->order().OrdinalAt(epoch, position);
    if (made->mixture() == nullptr) return absl::StrCat(ordinal);
    const MixtureSamples::Place place = made->mixture()->PlaceOf(ordinal);
    return absl::StrCat(place.dataset, ":", place.ordinal);
  };
  return course;
}

// 120 digits on disk, shuffled in batches of 24: five steps an epoch.
class AuditCommandTest : public ::testing::Test {
 protected:
  AuditCommandTest() {
    EXPECT_EQ(Millrace(IngestMnist(data_dir(), "digits")).code, 0);
    plan_.set_dataset("digits");
    plan_.mutable_sampler()->set_order(v1::Sampler::SHUFFLE);
    plan_.mutable_batch()->set_size(24);
  }

  std::string data_dir() const { return folder_ / "data"; }

  AuditLogs Logs() const {
    return AuditLogs(CourseOf(plan_, {OpenDataset(data_dir(), "digits")}));
  }

  // Exit code 1, unless the text is of what is exact.
  Outcome Run(AuditLogs* logs, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = logs->Write();
    arguments.insert(arguments.begin(), "audit");
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Millrace(arguments);
  }
  Outcome RunWithData(AuditLogs* logs) const {
    return Run(logs, {"--data-dir", data_dir()});
  }

  TempFolder folder_;
  v1::Plan plan_;
};

TEST_F(AuditCommandTest, WhatThePlanSaysIsExact) {
  AuditLogs logs = Logs();
  logs.World(4, 0, 12);
  logs.World(2, 7, 9);
  logs.World(3, 8, 15);
  const Outcome outcome = Run(&logs, {"--epochs", "3"});
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("120 samples, each once"),
                    HasSubstr("world size 4, then 2, then 3; 73 steps"),
                    HasSubstr("exact: 3 epochs complete")));
  const Outcome data = RunWithData(&logs);
  EXPECT_EQ(data.code, 0) << data.out << data.err;
  EXPECT_THAT(data.out, HasSubstr("every position as the plan and the data"));
}

// Each sample still comes once: only who knows the plan can tell.
TEST_F(AuditCommandTest, TwoSwappedOrdinalsAreFoundWithTheData) {
  AuditLogs logs = Logs();
  logs.World(4, 0, 10);
  const std::string one = logs.GetSample(1, 6, 2);
  const std::string other = logs.GetSample(3, 8, 5);
  logs.SetSample(1, 6, 2, other);
  logs.SetSample(3, 8, 5, one);
  EXPECT_EQ(Run(&logs).code, 0);
  const Outcome outcome = RunWithData(&logs);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(
      outcome.out,
      AllOf(HasSubstr(absl::StrCat(
                "misplaced  epoch 1: step 6 of rank 1 of 4 (", logs.Path(1),
                ":8): position 8 is sample ", other, " (\"", other,
                "\"); the plan puts ", one, " (\"", one)),
            HasSubstr("step 8 of rank 3 of 4"), HasSubstr("2 problems")));
}

TEST_F(AuditCommandTest, MissingSamplesAreNamedByTheirKeys) {
  AuditLogs logs = Logs();
  logs.World(4, 0, 5);
  const std::string sample = logs.GetSample(2, 3, 0);
  auto& lines = logs.lines(2);
  lines.erase(lines.begin() + logs.LineOf(2, 3));
  const Outcome outcome = RunWithData(&logs);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.out, HasSubstr(absl::StrCat("among them ", sample, " (\"",
                                                  sample, "\")")));
}

TEST_F(AuditCommandTest, DrawnSamplesAreProvedWithTheData) {
  plan_.mutable_sampler()->set_order(v1::Sampler::CLASS_BALANCED);
  AuditLogs logs = Logs();
  logs.World(2, 0, 10);
  EXPECT_EQ(RunWithData(&logs).code, 0);
  logs.SetSample(0, 7, 3, "119");
  EXPECT_EQ(Run(&logs).code, 0);
  EXPECT_EQ(RunWithData(&logs).code, 1);
}

TEST_F(AuditCommandTest, MixturesAreProvedWithTheData) {
  ASSERT_EQ(Millrace(IngestImagenet(data_dir(), "photos")).code, 0);
  plan_.mutable_mixture()->add_parts()->set_dataset("photos");
  plan_.add_transforms()->mutable_center_crop()->add_size(8);
  plan_.mutable_batch()->set_channels(v1::BatchOptions::RGB);
  AuditLogs logs(CourseOf(plan_, {OpenDataset(data_dir(), "digits"),
                                  OpenDataset(data_dir(), "photos")}));
  logs.World(2, 0, 12);
  const Outcome outcome = RunWithData(&logs);
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  const std::string old = logs.GetSample(1, 3, 1);
  logs.SetSample(1, 3, 1, old[0] == '0' ? "1" + old.substr(1) : "0:0");
  EXPECT_THAT(RunWithData(&logs).out, HasSubstr("the plan puts " + old));
}

TEST_F(AuditCommandTest, AnotherDatasetIsNoProof) {
  AuditLogs logs = Logs();
  logs.World(1, 0, 5);
  const Outcome outcome =
      Run(&logs, {"--data-dir", folder_ / "empty", "--json"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr(folder_ / "empty"));
  EXPECT_EQ(nlohmann::json::parse(outcome.out)["exact"], false);
}

TEST_F(AuditCommandTest, ScriptsReadTheSameAsPeople) {
  AuditLogs logs = Logs();
  logs.World(4, 0, 8);
  logs.Stream(2, 4, 6, 8);
  const Outcome outcome = Run(&logs, {"--json"});
  EXPECT_EQ(outcome.code, 0);
  const nlohmann::json report = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(report["exact"], true);
  EXPECT_EQ(report["complete_epochs"], 1);
  EXPECT_EQ(report["streams"], 5);
  EXPECT_EQ(report["steps"], 34);
  EXPECT_EQ(report["superseded"], 2);
  ASSERT_EQ(report["epochs"].size(), 2u);
  EXPECT_EQ(report["epochs"][0]["samples"], 120);
  EXPECT_EQ(report["epochs"][1]["finished"], false);
  EXPECT_EQ(report["epochs"][1]["superseded"], 2);

  logs.lines(0).pop_back();
  logs.lines(0)[1].back() = 'x';
  const Outcome broken = Run(&logs, {"--json"});
  EXPECT_EQ(broken.code, 1);
  EXPECT_THAT(broken.err, HasSubstr(logs.Path(0) + ":2: "));
}

TEST(AuditUsageTest, MistakesAreWrongUsageAndMissingFilesAreNot) {
  EXPECT_EQ(Millrace({"audit"}).code, 2);
  EXPECT_EQ(Millrace({"audit", "x.log", "--epochs", "0"}).code, 2);
  const Outcome outcome = Millrace({"audit", "/nowhere/x.log"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("/nowhere/x.log"));
  EXPECT_THAT(Millrace({"audit", "--help"}).out, HasSubstr("went back"));
}

}  // namespace
}  // namespace millrace::testing
