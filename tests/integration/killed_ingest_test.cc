// An ingest that is killed at any moment leaves nothing or everything.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/integration/world.h"
#include "tests/support/samples.h"

namespace millrace {
namespace {

constexpr int kKills = 50;
constexpr int kPhotos = 120;

class KilledIngestTest : public testing::Test {
 protected:
  std::vector<std::string> IngestInto(const std::string& data_dir) {
    return {Program("millrace"),
            "ingest",
            "folder",
            "--dataset",
            "photos",
            "--images",
            photos_,
            "--data-dir",
            data_dir,
            "--shards",
            "3"};
  }

  // Empty if there is no dataset at all.
  std::string VersionIn(const std::string& data_dir) {
    const Outcome outcome = RunToEnd(
        {Program("millrace"), "datasets", "--data-dir", data_dir, "--json"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    if (outcome.code != 0) return "";
    nlohmann::json datasets = nlohmann::json::parse(outcome.out);
    if (datasets.is_object()) datasets = datasets["datasets"];
    if (datasets.empty()) return "";
    EXPECT_EQ(datasets.size(), 1u) << outcome.out;
    EXPECT_EQ(datasets[0]["samples"], kPhotos);
    return datasets[0]["version"];
  }

  // Whether a killed ingest was at work.
  static bool LeftBehind(const std::string& data_dir) {
    std::error_code none;
    for (const auto& entry :
         std::filesystem::directory_iterator(data_dir + "/.staging", none)) {
      if (entry.is_directory()) return true;
    }
    return false;
  }

  TemporaryFolder folder_;
  const std::string photos_ = folder_.path() + "/photos";
};

TEST_F(KilledIngestTest, NothingOrEverythingIsVisibleAndTheNextRunSucceeds) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  DrawPhotos(photos_, kPhotos, 160);
  const std::string calm = folder_.path() + "/calm";
  const absl::Time start = absl::Now();
  ASSERT_EQ(RunToEnd(IngestInto(calm)).code, 0);
  const absl::Duration whole = absl::Now() - start;
  const std::string version = VersionIn(calm);
  ASSERT_FALSE(version.empty());

  int published = 0;
  int interrupted = 0;
  for (int i = 0; i < kKills; ++i) {
    // Every fifth begins anew; the others find what the killed ones left.
    const std::string data_dir = absl::StrCat(folder_.path(), "/", i / 5);
    std::filesystem::create_directories(data_dir);
    Process ingest(IngestInto(data_dir));
    const double share = std::uniform_real_distribution<>(0, 1.1)(random);
    ingest.WaitFor(whole * share);
    ingest.Kill();
    ingest.Wait();
    const std::string visible = VersionIn(data_dir);
    EXPECT_TRUE(visible.empty() || visible == version)
        << "killed after " << whole * share << ": " << visible;
    published += !visible.empty();
    interrupted += LeftBehind(data_dir);
    if (i % 5 == 4) {
      const Outcome again = RunToEnd(IngestInto(data_dir));
      EXPECT_EQ(again.code, 0) << again.err;
      EXPECT_EQ(VersionIn(data_dir), version);
      Millrace({"verify", "photos", "--data-dir", data_dir});
    }
  }
  // Not all too early, not all too late.
  EXPECT_LT(published, kKills);
  EXPECT_GT(interrupted, 0);
}

}  // namespace
}  // namespace millrace
