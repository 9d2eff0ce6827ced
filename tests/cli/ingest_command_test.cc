#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/cli/run_program.h"

namespace millrace::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

std::vector<std::string> With(std::vector<std::string> arguments,
                              const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

int Times(const std::string& what, const std::string& text) {
  int times = 0;
  for (size_t at = text.find(what); at != text.npos; at = text.find(what, at)) {
    ++times;
    at += what.size();
  }
  return times;
}

Json Datasets(const std::string& data_dir) {
  const auto outcome = Millrace({"datasets", "--json", "--data-dir", data_dir});
  return Json::parse(outcome.out, nullptr, false);
}

// A class of twelve good images, and one bad file.
std::string FolderWithABadFile(const TempFolder& folder) {
  const std::string images = folder / "images";
  WriteFile(images + "/bad/broken.jpg", "this is no image");
  std::filesystem::copy(DrawnData() + "/coco/train2017", images + "/good");
  return images;
}

TEST(IngestCommandTest, SummaryAndReportGiveTheSameCounts) {
  const TempFolder folder;
  const Outcome outcome = Millrace(With(IngestMnist(folder / "data", "digits"),
                                        {"--report", folder / "report.json"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("is published"));
  EXPECT_THAT(outcome.out, HasSubstr("samples      120\n"));
  const Json report = ReadJson(folder / "report.json");
  EXPECT_EQ(report["dataset"], "digits");
  EXPECT_EQ(report["published"], true);
  EXPECT_EQ(report["error"], nullptr);
  EXPECT_EQ(report["kind"], "mnist");
  EXPECT_EQ(report["samples"], 120);
  EXPECT_EQ(report["classes"], 10);
  EXPECT_EQ(report["version"].get<std::string>().size(), 32);
  EXPECT_THAT(outcome.out, HasSubstr(report["version"].get<std::string>()));
  EXPECT_TRUE(report["quarantined"].empty());
  EXPECT_TRUE(report["warned"].empty());
}

TEST(IngestCommandTest, JsonOnStdoutIsTheReport) {
  const TempFolder folder;
  const Outcome outcome =
      Millrace(With(IngestImagenet(folder / "data", "imagenet"),
                    {"--json", "--report", folder / "report.json"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, ReadFile(folder / "report.json"));
  EXPECT_EQ(ReadJson(folder / "report.json")["samples"], 24);
}

TEST(IngestCommandTest, DrawnCocoHasNothingToQuarantine) {
  const TempFolder folder;
  const Outcome outcome =
      Millrace(With(IngestCoco(folder / "data", "coco"), {"--json"}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json report = Json::parse(outcome.out);
  EXPECT_EQ(report["samples"], 12);
  EXPECT_EQ(report["classes"], 6);
  EXPECT_EQ(report["captions"], 60);
  EXPECT_GT(report["annotations"], 12);
  EXPECT_TRUE(report["quarantined"].empty()) << report["quarantined"];
  EXPECT_TRUE(report["warned"].empty()) << report["warned"];
}

TEST(IngestCommandTest, SameContentIsTheSameVersionWhateverShardsAndThreads) {
  const TempFolder folder;
  const Outcome one =
      Millrace(With(IngestCoco(folder / "a", "x"),
                    {"--shards", "1", "--threads", "1", "--json"}));
  const Outcome many =
      Millrace(With(IngestCoco(folder / "b", "x"),
                    {"--shards", "7", "--threads", "4", "--json"}));
  EXPECT_EQ(Json::parse(one.out)["version"], Json::parse(many.out)["version"]);
  EXPECT_EQ(Datasets(folder / "b")[0]["shards"], 7);
}

TEST(IngestCommandTest, ASecondIngestOfTheSameSaysThatItIsTheNewest) {
  const TempFolder folder;
  ASSERT_EQ(Millrace(IngestMnist(folder / "data", "digits")).code, 0);
  const Outcome again = Millrace(IngestMnist(folder / "data", "digits"));
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("published already; it is the newest"));
  EXPECT_EQ(Datasets(folder / "data").size(), 1);
}

TEST(IngestCommandTest, ASecondIngestWithABadFileListsIt) {
  const TempFolder folder;
  const std::string images = FolderWithABadFile(folder);
  const std::string bad = images + "/bad/broken.jpg";
  std::filesystem::rename(bad, folder / "aside");
  const std::vector<std::string> ingest = {
      "ingest",   "folder", "--dataset",  "mixed",
      "--images", images,   "--data-dir", folder / "data"};
  ASSERT_EQ(Millrace(ingest).code, 0);
  std::filesystem::rename(folder / "aside", bad);
  const Outcome again = Millrace(ingest);
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("published already"));
  EXPECT_THAT(again.out, HasSubstr("quarantined  1\n"));
  EXPECT_EQ(Datasets(folder / "data")[0]["quarantined"], 1);
  const Outcome list = Millrace(
      {"show", "mixed", "--quarantine", "--data-dir", folder / "data"});
  EXPECT_THAT(list.out, HasSubstr("bad/broken.jpg\t"));
}

TEST(IngestCommandTest, MoreShardsThanTheWriterAllowsAreAUsageError) {
  const TempFolder folder;
  const Outcome outcome = Millrace(
      With(IngestMnist(folder / "data", "digits"), {"--shards", "257"}));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("256"));
}

TEST(IngestCommandTest, QuarantineIsLoudAndTheRestIsPublished) {
  const TempFolder folder;
  const Outcome outcome =
      Millrace({"ingest", "folder", "--dataset", "mixed", "--images",
                FolderWithABadFile(folder), "--data-dir", folder / "data",
                "--report", folder / "report.json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("1 entry QUARANTINED"));
  EXPECT_THAT(outcome.err, HasSubstr("bad/broken.jpg: "));
  EXPECT_THAT(outcome.err, HasSubstr(folder / "report.json"));
  const Json report = ReadJson(folder / "report.json");
  EXPECT_EQ(report["samples"], 12);
  ASSERT_EQ(report["quarantined"].size(), 1);
  EXPECT_EQ(report["quarantined"][0]["key"], "bad/broken.jpg");
  EXPECT_NE(report["quarantined"][0]["reason"], "");
  const Outcome list = Millrace(
      {"show", "mixed", "--quarantine", "--data-dir", folder / "data"});
  EXPECT_THAT(list.out, HasSubstr("bad/broken.jpg\t"));
}

TEST(IngestCommandTest, StrictRefusesAndTheReportSaysWhy) {
  const TempFolder folder;
  const Outcome outcome =
      Millrace({"ingest", "folder", "--dataset", "mixed", "--images",
                FolderWithABadFile(folder), "--data-dir", folder / "data",
                "--strict", "--report", folder / "report.json"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("millrace: ingest mixed: "));
  EXPECT_EQ(Times("bad/broken.jpg", outcome.err), 1) << outcome.err;
  const Json report = ReadJson(folder / "report.json");
  EXPECT_EQ(report["published"], false);
  EXPECT_NE(report["error"], nullptr);
  EXPECT_EQ(report["quarantined"].size(), 1);
  EXPECT_EQ(Millrace({"show", "mixed", "--data-dir", folder / "data"}).code, 1);
}

TEST(IngestCommandTest, NothingGoodAtAllIsSaidOnce) {
  const TempFolder folder;
  WriteFile(folder / "images/bad/broken.jpg", "no image");
  const Outcome outcome =
      Millrace({"ingest", "folder", "--dataset", "x", "--images",
                folder / "images", "--data-dir", folder / "data"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(Times("bad/broken.jpg", outcome.err), 1) << outcome.err;
}

TEST(IngestCommandTest, ASignalEndsItWithNothingPublished) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const TempFolder folder;
    RunOptions options;
    options.pending_signal = signal;
    const Outcome outcome =
        Millrace(With(IngestMnist(folder / "data", "digits"),
                      {"--report", folder / "report.json"}),
                 options);
    EXPECT_EQ(outcome.code, 130) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("interrupted; nothing was published"));
    EXPECT_EQ(ReadJson(folder / "report.json")["published"], false);
    EXPECT_EQ(Millrace({"show", "digits", "--data-dir", folder / "data"}).code,
              1);
    EXPECT_EQ(Millrace(IngestMnist(folder / "data", "digits")).code, 0);
  }
}

TEST(IngestCommandTest, WhateverSourceIsMissingIsNamedAndRefused) {
  const TempFolder folder;
  const std::string there = FolderWithABadFile(folder);
  const std::string missing = folder / "missing";
  const std::vector<std::vector<std::string>> forms = {
      {"folder", "--images", missing},
      {"mnist", "--images", missing, "--labels", missing},
      {"coco", "--images", missing, "--annotations", missing},
      {"coco", "--images", there, "--annotations", missing},
      {"imagenet", "--images", missing},
      {"imagenet", "--images", there, "--synsets", missing},
      {"imagenet", "--images", there, "--boxes", missing},
      {"imagenet", "--images", there, "--boxes", there, "--ground-truth",
       missing}};
  for (const std::vector<std::string>& form : forms) {
    std::vector<std::string> arguments = {"ingest"};
    arguments.insert(arguments.end(), form.begin(), form.end());
    const Outcome outcome = Millrace(
        With(arguments, {"--dataset", "x", "--data-dir", folder / "data"}));
    EXPECT_EQ(outcome.code, 1) << outcome.err;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr(missing),
                                   HasSubstr("give a path that is there")));
    EXPECT_FALSE(std::filesystem::exists(folder / "data"));
  }
}

TEST(IngestCommandTest, AReportThatCannotBeWrittenStopsItAtOnce) {
  const TempFolder folder;
  const Outcome outcome =
      Millrace(With(IngestMnist(folder / "data", "digits"),
                    {"--report", folder / "none/report.json"}));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr(folder / "none/report.json"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("published")));
  EXPECT_FALSE(std::filesystem::exists(folder / "data/digits"));
}

TEST(IngestCommandTest, ADataFolderThatCannotBeWrittenIsRefused) {
  // Root may write anywhere but into /proc.
  const TempFolder folder;
  std::filesystem::permissions(
      folder.path(),
      std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  const std::string data = geteuid() == 0 ? "/proc/data" : folder.path();
  const Outcome outcome = Millrace(IngestMnist(data, "digits"));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr(data));
}

}  // namespace
}  // namespace millrace::testing
