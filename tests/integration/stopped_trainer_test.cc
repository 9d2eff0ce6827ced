// A trainer that is stopped, killed and begun again ends where it would have
// ended: the same weights, to the bit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/integration/world.h"
#include "tests/support/samples.h"

namespace millrace {
namespace {

using testing::HasSubstr;

// 300 of them, in batches of 20: 15 steps an epoch.
constexpr int kDigits = 300;

class StoppedTrainerTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    std::vector<std::string> ingest = {"ingest",     "mnist",
                                       "--dataset",  "mnist/train",
                                       "--data-dir", Path("data")};
    const std::vector<std::string> digits = DrawDigits(Path("train"), kDigits);
    ingest.insert(ingest.end(), digits.begin(), digits.end());
    Millrace(ingest);
    ingest[3] = "mnist/test";
    Millrace(ingest);
    server_ = new Server(Path("data"));
  }
  static void TearDownTestSuite() {
    delete server_;
    delete folder_;
  }

  static std::string Path(const std::string& name) {
    return folder_->path() + "/" + name;
  }

  static std::vector<std::string> Command(std::vector<std::string> more = {},
                                          const std::string& epochs = "3") {
    std::vector<std::string> argv = {
        Program("cnn"), "--endpoint", server_->endpoint(), "--epochs", epochs,
        "--batch",      "20"};
    argv.insert(argv.end(), more.begin(), more.end());
    return argv;
  }

  // Runs it to its end.
  static nlohmann::json Train(std::vector<std::string> more = {},
                              const std::string& epochs = "3") {
    more.push_back("--json");
    const Outcome outcome = RunToEnd(Command(std::move(more), epochs));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out);
  }

  // Signals it at the end of its first epoch; what it then said on stderr. A
  // run that was done before the signal came begins anew.
  static std::string TrainAndSignal(const std::vector<std::string>& command,
                                    const std::string& checkpoint, int signal) {
    for (int attempt = 0; attempt < 50; ++attempt) {
      std::filesystem::remove(checkpoint);
      Process process(command);
      while (process.out().find("epoch  1") == std::string::npos &&
             !process.WaitFor(absl::Milliseconds(1))) {
      }
      process.Signal(signal);
      const int code = process.Wait();
      if (code == 0) continue;
      EXPECT_EQ(code, signal == SIGKILL ? 128 + SIGKILL : 130);
      EXPECT_EQ(process.out().find("test accuracy"), std::string::npos);
      return process.err();
    }
    ADD_FAILURE() << "every run was done before the signal came";
    return "";
  }

  static Server* server_;

 private:
  static TemporaryFolder* folder_;
};

TemporaryFolder* StoppedTrainerTest::folder_ = nullptr;
Server* StoppedTrainerTest::server_ = nullptr;

TEST_F(StoppedTrainerTest, StoppedAndKilledRunsEndWithTheSameWeights) {
  const std::vector<std::pair<std::string, int>> ways = {{"adam", SIGTERM},
                                                         {"adam", SIGKILL},
                                                         {"rmsprop", SIGINT},
                                                         {"sgd", SIGTERM}};
  for (const auto& [optimizer, signal] : ways) {
    SCOPED_TRACE(testing::Message() << optimizer << ", signal " << signal);
    const nlohmann::json undisturbed = Train({"--optimizer", optimizer});
    ASSERT_EQ(undisturbed["weights_sha256"].get<std::string>().size(), 64u);
    const std::string file = Path(absl::StrCat(optimizer, signal));
    const std::vector<std::string> again = {"--optimizer", optimizer,
                                            "--checkpoint", file};
    const std::string said = TrainAndSignal(Command(again), file, signal);
    if (signal != SIGKILL) {
      EXPECT_THAT(said, HasSubstr("run the same command again"));
    }
    const nlohmann::json resumed = Train(again);
    EXPECT_EQ(resumed["weights_sha256"], undisturbed["weights_sha256"]);
    EXPECT_EQ(resumed["test_accuracy"], undisturbed["test_accuracy"]);
    // It had an epoch less to do; also what it tells of the one that was cut in
    // two is the same.
    EXPECT_LE(resumed["epochs"].size(), 2u);
    EXPECT_EQ(resumed["epochs"].back(), undisturbed["epochs"].back());
    // At the end nothing is left to learn.
    const nlohmann::json finished = Train(again);
    EXPECT_EQ(finished["weights_sha256"], undisturbed["weights_sha256"]);
    EXPECT_FALSE(finished.contains("epochs"));
  }
}

TEST_F(StoppedTrainerTest, ThreadsChangeNothingAndSeedsEverything) {
  const nlohmann::json four = Train({"--threads", "4"});
  const nlohmann::json one = Train({"--threads", "1"});
  EXPECT_EQ(one["weights_sha256"], four["weights_sha256"]);
  EXPECT_EQ(one["epochs"], four["epochs"]);
  EXPECT_NE(Train({"--seed", "2"})["weights_sha256"], four["weights_sha256"]);
}

TEST_F(StoppedTrainerTest, OtherOptionsThanTheCheckpointsAreNamed) {
  const std::string file = Path("options");
  Train({"--checkpoint", file});
  const auto error = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"--checkpoint", file});
    const Outcome outcome = RunToEnd(Command(more));
    EXPECT_EQ(outcome.code, 1);
    return outcome.err;
  };
  EXPECT_THAT(error({"--optimizer", "sgd"}), HasSubstr("the optimizer adam"));
  EXPECT_THAT(error({"--learning-rate", "0.5"}), HasSubstr("learning rate"));
  // What the plan says is the stream's to compare.
  EXPECT_THAT(error({"--seed", "2"}), HasSubstr("seed"));
  // More epochs are not another training.
  EXPECT_EQ(Train({"--checkpoint", file}, "4")["epochs"].size(), 1u);
}

TEST_F(StoppedTrainerTest, ADamagedCheckpointIsNotTrainedFrom) {
  const std::string file = Path("damaged");
  WriteFile(file, "not a checkpoint");
  const Outcome outcome = RunToEnd(Command({"--checkpoint", file}));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr(file));
  EXPECT_EQ(ReadFile(file), "not a checkpoint");
}

TEST_F(StoppedTrainerTest, WithoutACheckpointAStoppedRunSaysWhatIsLost) {
  EXPECT_THAT(TrainAndSignal(Command(), Path("none"), SIGINT),
              HasSubstr("there is no --checkpoint"));
}

TEST_F(StoppedTrainerTest, ThePlanFileIsWhatItAsksForOtherwise) {
  const char* root = std::getenv("MILLRACE_SOURCE_DIR");
  ASSERT_NE(root, nullptr);
  const auto weights = [&](std::vector<std::string> more) {
    std::vector<std::string> argv = {
        Program("cnn"), "--endpoint", server_->endpoint(),
        "--epochs",     "1",          "--json"};
    argv.insert(argv.end(), more.begin(), more.end());
    const Outcome outcome = RunToEnd(argv);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out)["weights_sha256"];
  };
  EXPECT_EQ(weights({"--train-plan",
                     absl::StrCat(
                         root, "/examples/plans/mnist_augmented.textproto")}),
            weights({}));
}

TEST_F(StoppedTrainerTest, TheHelpTellsTheRatesAndTheExitCodes) {
  const Outcome outcome = RunToEnd({Program("cnn"), "--help"});
  EXPECT_EQ(outcome.code, 0);
  for (const char* said : {"--checkpoint", "adam 0.002", "130 stopped"}) {
    EXPECT_THAT(outcome.out, HasSubstr(said));
  }
}

}  // namespace
}  // namespace millrace
