// A program in C, over libmillrace.so, reads the bytes that our own client
// reads; see tests/client_c/c_client.c for what it checks on the way.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/integration/world.h"
#include "tests/support/samples.h"

namespace millrace {
namespace {

constexpr char kPlan[] =
    "dataset: \"digits\" sampler { order: SHUFFLE } seed: 3\n"
    "transforms { random_affine { degrees: 10 translate: [0.1, 0.1] } }\n"
    "batch { size: 8 }\n";
constexpr int kSteps = 30;  // Of an epoch of 12.

TEST(CClientTest, ReadsTheSameBytesAndGoesOnFromItsState) {
  const TemporaryFolder folder;
  const std::string data_dir = folder.path() + "/data";
  std::vector<std::string> ingest = {"ingest", "mnist",      "--dataset",
                                     "digits", "--data-dir", data_dir};
  for (const std::string& flag : DrawDigits(folder.path() + "/idx", 100)) {
    ingest.push_back(flag);
  }
  Millrace(ingest);
  const Server server(data_dir);
  const PullRun pull{.endpoint = server.endpoint(),
                     .plan_file = folder.path() + "/plan.textproto",
                     .more = {"--steps", std::to_string(kSteps)}};
  WriteFile(pull.plan_file, kPlan);

  const Outcome ours = RunToEnd(pull.Command());
  ASSERT_EQ(ours.code, 0) << ours.err;
  const Outcome theirs =
      RunToEnd({Program("c_client"), server.endpoint(), pull.plan_file,
                "digits", std::to_string(kSteps)});
  ASSERT_EQ(theirs.code, 0) << theirs.err;
  EXPECT_EQ(
      theirs.out,
      nlohmann::json::parse(ours.out)["digest"].get<std::string>() + "\n");
}

}  // namespace
}  // namespace millrace
