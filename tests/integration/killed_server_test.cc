// A trainer does not notice that its server dies: the same samples, in the same
// order, the same bytes.
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "absl/time/clock.h"
#include "tests/integration/world.h"
#include "tests/support/samples.h"

namespace millrace {
namespace {

constexpr char kPlan[] = R"(
  dataset: "photos"
  seed: 7
  sampler { order: SHUFFLE }
  transforms { random_resized_crop { size: 96 } }
  transforms { random_horizontal_flip {} }
  batch { size: 8 remainder: PAD channels: RGB }
)";
constexpr int kPhotos = 404;
constexpr int kStepsPerEpoch = 51;  // 404 / 8, the last one padded.
constexpr int kKills = 6;

class KilledServerTest : public testing::Test {
 protected:
  // One dataset for all.
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    DrawPhotos(Path("photos"), kPhotos, 160);
    Millrace({"ingest", "folder", "--dataset", "photos", "--images",
              Path("photos"), "--data-dir", Path("data")});
    WriteFile(Path("plan"), kPlan);
  }
  static void TearDownTestSuite() { delete folder_; }

  static std::string Path(const std::string& name) {
    return folder_->path() + "/" + name;
  }

  PullRun Pull(const std::string& endpoint, const std::string& log) {
    return {.endpoint = endpoint,
            .plan_file = Path("plan"),
            .log_file = Path(log),
            .more = {"--epochs", "3"}};
  }

  // The run's result, once it has ended well.
  nlohmann::json ResultOf(Process* pull) {
    EXPECT_EQ(pull->Wait(), 0) << pull->err();
    return nlohmann::json::parse(pull->out());
  }

  void WaitForSteps(const std::string& log, size_t steps, Process* pull) {
    while (ReadLines(Path(log)).size() < steps &&
           !pull->WaitFor(absl::Milliseconds(1))) {
    }
  }

 private:
  static TemporaryFolder* folder_;
};

TemporaryFolder* KilledServerTest::folder_ = nullptr;

TEST_F(KilledServerTest, ThreeEpochsAreTheSameAsUndisturbed) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  auto server = std::make_unique<Server>(Path("data"), FreePort());
  const int port = server->port();
  Process calm(Pull(server->endpoint(), "calm.log").Command());
  const nlohmann::json undisturbed = ResultOf(&calm);
  EXPECT_EQ(undisturbed["steps"], 3 * kStepsPerEpoch);
  EXPECT_EQ(undisturbed["images"], 3 * kPhotos);
  EXPECT_EQ(undisturbed["reconnects"], 0);

  Process stormy(Pull(server->endpoint(), "stormy.log").Command());
  for (int kill = 0; kill < kKills; ++kill) {
    // Somewhere in its own sixth of the run.
    const size_t step = 3 * kStepsPerEpoch * kill / kKills + random() % 20;
    WaitForSteps("stormy.log", step, &stormy);
    server->process().Kill();
    server->process().Wait();
    server = std::make_unique<Server>(Path("data"), port);
  }
  const nlohmann::json disturbed = ResultOf(&stormy);
  EXPECT_EQ(disturbed["digest"], undisturbed["digest"]);
  EXPECT_EQ(disturbed["steps"], undisturbed["steps"]);
  EXPECT_GE(disturbed["reconnects"], kKills - 1);
  EXPECT_EQ(ReadLines(Path("stormy.log")), ReadLines(Path("calm.log")));
}

TEST_F(KilledServerTest, AStoppedPullSaysWhereToGoOn) {
  Server server(Path("data"));
  Process whole(Pull(server.endpoint(), "whole.log").Command());
  const nlohmann::json undisturbed = ResultOf(&whole);

  Process first(Pull(server.endpoint(), "parts.log").Command());
  WaitForSteps("parts.log", 20, &first);
  first.Signal(SIGINT);
  EXPECT_EQ(first.Wait(), 130) << first.err();
  const nlohmann::json stopped = nlohmann::json::parse(first.out());
  EXPECT_EQ(stopped["complete"], false);
  const std::string next = stopped["next_step"].dump();
  EXPECT_NE(first.err().find("--start-step " + next), std::string::npos)
      << first.err();

  PullRun rest = Pull(server.endpoint(), "parts.log");
  rest.more.insert(rest.more.end(), {"--start-step", next});
  Process second(rest.Command());
  EXPECT_EQ(ResultOf(&second)["next_step"], undisturbed["next_step"]);
  EXPECT_EQ(ReadLines(Path("parts.log")), ReadLines(Path("whole.log")));
}

// A server that stops answering without closing anything is no reason to hang.
TEST_F(KilledServerTest, CtrlCEndsAPullFromAFrozenServer) {
  Server server(Path("data"));
  Process pull(Pull(server.endpoint(), "frozen.log").Command());
  WaitForSteps("frozen.log", 5, &pull);
  server.process().Signal(SIGSTOP);
  pull.Signal(SIGINT);
  EXPECT_TRUE(pull.WaitFor(absl::Seconds(20)));
  EXPECT_EQ(pull.Wait(), 130) << pull.err();
}

TEST_F(KilledServerTest, UnknownDatasetsFailWithTheServersWords) {
  Server server(Path("data"));
  PullRun run = Pull(server.endpoint(), "unknown.log");
  run.more = {"--dataset", "nonsense"};
  Process pull(run.Command());
  EXPECT_EQ(pull.Wait(), 1);
  EXPECT_NE(pull.err().find("nonsense"), std::string::npos) << pull.err();
}

TEST_F(KilledServerTest, PullFromNowhereFailsWithTheReason) {
  PullRun run = Pull("127.0.0.1:" + std::to_string(FreePort()), "nowhere.log");
  run.give_up_seconds = "0.5";
  Process pull(run.Command());
  EXPECT_EQ(pull.Wait(), 1);
  EXPECT_NE(pull.err().find(run.endpoint), std::string::npos) << pull.err();
}

TEST_F(KilledServerTest, MistakesInAPlanAreWrongUsageWithTheLine) {
  PullRun run = Pull("127.0.0.1:1", "wrong.log");
  run.plan_file = Path("wrong");
  WriteFile(run.plan_file, "dataset: \"photos\"\nbatch { sise: 8 }\n");
  Process pull(run.Command());
  EXPECT_EQ(pull.Wait(), 2);
  EXPECT_NE(pull.err().find(run.plan_file + ":2:"), std::string::npos)
      << pull.err();
}

}  // namespace
}  // namespace millrace
