// Far out is no further than the beginning: neither in time nor in memory.
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "tests/integration/world.h"
#include "tests/support/samples.h"

namespace millrace {
namespace {

// Of each of two datasets: all come within 100 steps of 64.
constexpr int kDigits = 3000;
constexpr char kPlan[] = R"(
  dataset: "digits"
  sampler { order: SHUFFLE }
  mixture { parts { dataset: "more" } positions: 1000000000000 }
  batch { size: 64 }
)";

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MILLRACE_SLOWED
#endif
#endif

TEST(ResumeFarTest, StepABillionIsAsNearAsStepZero) {
#ifdef MILLRACE_SLOWED
  GTEST_SKIP() << "sanitizers take time and memory of their own";
#endif
  TemporaryFolder folder;
  const std::string data_dir = folder.path() + "/data";
  std::vector<std::string> digits =
      DrawDigits(folder.path() + "/drawn", kDigits);
  for (const char* name : {"digits", "more"}) {
    std::vector<std::string> ingest = {"ingest", "mnist",      "--dataset",
                                       name,     "--data-dir", data_dir};
    ingest.insert(ingest.end(), digits.begin(), digits.end());
    Millrace(ingest);
  }
  WriteFile(folder.path() + "/plan", kPlan);
  Server server(data_dir);
  const Outcome outcome =
      RunToEnd({Program("resume_far"), "--endpoint", server.endpoint(),
                "--plan", folder.path() + "/plan", "--server-pid",
                std::to_string(server.process().pid()), "--step", "1000000000",
                "--warm-steps", "100"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  std::printf("%s", outcome.out.c_str());
  const nlohmann::json result = nlohmann::json::parse(outcome.out);
  EXPECT_LT(result["far_ms_after_opening"], 50);
  EXPECT_LT(result["far_ms"], 100);
  EXPECT_LT(result["client_growth_mb"], 1);
  EXPECT_LT(result["server_growth_mb"], 1);
}

}  // namespace
}  // namespace millrace
