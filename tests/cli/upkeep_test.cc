// The commands verify and rm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/cli/run_program.h"

namespace millrace::testing {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

// Flips a bit in the middle of the largest table file.
void Damage(const std::string& data_dir) {
  std::filesystem::path largest;
  uintmax_t size = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(data_dir)) {
    if (entry.path().extension() != ".sst") continue;
    if (entry.file_size() <= size) continue;
    largest = entry.path();
    size = entry.file_size();
  }
  ASSERT_GT(size, 0);
  std::filesystem::permissions(largest, std::filesystem::perms::owner_write,
                               std::filesystem::perm_options::add);
  std::fstream file(largest, std::ios::in | std::ios::out | std::ios::binary);
  const auto middle = static_cast<std::streamoff>(size / 2);
  file.seekg(middle);
  const char byte = static_cast<char>(file.get() ^ 0x40);
  file.seekp(middle);
  file.put(byte);
}

TEST(VerifyCommandTest, AGoodDatasetIsSaidToBeGood) {
  const TempFolder folder;
  ASSERT_EQ(Millrace(IngestImagenet(folder / "data", "x")).code, 0);
  const Outcome outcome = Millrace(
      {"verify", "x", "--threads", "2", "--data-dir", folder / "data"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("all 24 samples good"));
}

TEST(VerifyCommandTest, AFlippedBitIsFoundAndItsSampleNamed) {
  const TempFolder folder;
  ASSERT_EQ(Millrace(IngestImagenet(folder / "data", "x")).code, 0);
  Damage(folder / "data");
  const Outcome text = Millrace({"verify", "x", "--data-dir", folder / "data"});
  EXPECT_EQ(text.code, 1);
  EXPECT_THAT(text.out, HasSubstr("#"));
  EXPECT_THAT(text.err, HasSubstr("millrace: verify x: "));
  const Outcome json =
      Millrace({"verify", "x", "--json", "--data-dir", folder / "data"});
  EXPECT_EQ(json.code, 1);
  const Json report = Json::parse(json.out);
  EXPECT_EQ(report["ok"], false);
  EXPECT_GE(report["bad"], 1);
  EXPECT_FALSE(report["bad_samples"].empty());
}

TEST(VerifyCommandTest, AShardThatCannotBeOpenedIsOneLine) {
  const TempFolder folder;
  std::vector<std::string> ingest = IngestMnist(folder / "data", "x");
  ingest.insert(ingest.end(), {"--shards", "4"});
  ASSERT_EQ(Millrace(ingest).code, 0);
  std::filesystem::path table;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder / "data")) {
    if (entry.path().extension() == ".sst" &&
        entry.path().parent_path().filename() == "shard-0002") {
      table = entry.path();
    }
  }
  ASSERT_TRUE(std::filesystem::remove(table));
  const Outcome text = Millrace({"verify", "x", "--data-dir", folder / "data"});
  EXPECT_EQ(text.code, 1);
  EXPECT_EQ(std::count(text.out.begin(), text.out.end(), '\n'), 1) << text.out;
  EXPECT_THAT(text.out, HasSubstr("shard 2\tall 30 samples: "));
  EXPECT_THAT(text.out, HasSubstr(table.filename().string()));
  EXPECT_THAT(text.err, HasSubstr("30 of 120 samples bad"));
  const Outcome json =
      Millrace({"verify", "x", "--json", "--data-dir", folder / "data"});
  const Json shards = Json::parse(json.out)["bad_shards"];
  ASSERT_EQ(shards.size(), 1u);
  EXPECT_EQ(shards[0]["shard"], 2);
  EXPECT_EQ(shards[0]["samples"], 30);
}

TEST(VerifyCommandTest, AnUnknownDatasetIsAnError) {
  const TempFolder folder;
  const Outcome outcome =
      Millrace({"verify", "x", "--data-dir", folder.path()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("millrace: verify x: "));
}

TEST(RmCommandTest, WithoutATerminalNothingGoesUnlessSaidSo) {
  const TempFolder folder;
  const std::string data = folder / "data";
  ASSERT_EQ(Millrace(IngestMnist(data, "digits")).code, 0);
  const Outcome asked = Millrace({"rm", "digits", "--data-dir", data});
  EXPECT_EQ(asked.code, 2);
  EXPECT_THAT(asked.err, HasSubstr("--yes"));
  EXPECT_EQ(Millrace({"show", "digits", "--data-dir", data}).code, 0);
  const Outcome told = Millrace({"rm", "digits", "--yes", "--data-dir", data});
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(Millrace({"show", "digits", "--data-dir", data}).code, 1);
}

TEST(RmCommandTest, OneVersionGoesAndTheOtherStays) {
  const TempFolder folder;
  const std::string data = folder / "data";
  ASSERT_EQ(Millrace(IngestMnist(data, "x")).code, 0);
  ASSERT_EQ(Millrace(IngestImagenet(data, "x")).code, 0);
  const auto versions = [&] {
    return Json::parse(
        Millrace({"datasets", "--json", "--data-dir", data}).out);
  };
  ASSERT_EQ(versions().size(), 2);
  const std::string first = versions()[0]["version"];
  const std::string second = versions()[1]["version"];
  ASSERT_EQ(Millrace({"rm", "x@" + first, "--yes", "--data-dir", data}).code,
            0);
  ASSERT_EQ(versions().size(), 1);
  EXPECT_EQ(versions()[0]["version"], second);
}

TEST(RmCommandTest, AnUnknownDatasetIsAnError) {
  const TempFolder folder;
  EXPECT_EQ(Millrace({"rm", "x", "--yes", "--data-dir", folder.path()}).code,
            1);
}

}  // namespace
}  // namespace millrace::testing
