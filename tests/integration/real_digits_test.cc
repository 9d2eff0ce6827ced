// The whole path on the real MNIST files, down to trainers that learn.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/integration/world.h"
#include "tests/support/samples.h"

namespace millrace {
namespace {

class RealDigitsTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* test_data = std::getenv("MILLRACE_TEST_DATA");
    const std::string mnist =
        std::string(test_data == nullptr ? "" : test_data) + "/mnist";
    if (!std::filesystem::exists(mnist + "/train-images-idx3-ubyte.gz")) {
      GTEST_SKIP() << "no MNIST files in MILLRACE_TEST_DATA/mnist";
    }
    Ingest("mnist/train", mnist + "/train");
    Ingest("mnist/test", mnist + "/t10k");
    server_ = std::make_unique<Server>(Path("data"));
  }

  std::string Path(const std::string& name) const {
    return folder_.path() + "/" + name;
  }

  // What `trainer` prints as JSON.
  nlohmann::json Train(const std::string& trainer,
                       const std::vector<std::string>& more) const {
    std::vector<std::string> argv = {Program(trainer), "--endpoint",
                                     server_->endpoint(), "--json"};
    argv.insert(argv.end(), more.begin(), more.end());
    const Outcome outcome = RunToEnd(argv);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out);
  }

 private:
  void Ingest(const std::string& dataset, const std::string& prefix) const {
    Millrace({"ingest", "mnist", "--dataset", dataset, "--images",
              prefix + "-images-idx3-ubyte.gz", "--labels",
              prefix + "-labels-idx1-ubyte.gz", "--data-dir", Path("data")});
  }

  TemporaryFolder folder_;
  std::unique_ptr<Server> server_;
};

TEST_F(RealDigitsTest, ASoftmaxRegressionOnStreamedMnistReaches91Percent) {
  const nlohmann::json result = Train("softmax", {"--epochs", "4"});
  EXPECT_EQ(result["test_samples"], 10000);
  EXPECT_GE(result["test_accuracy"], 0.91);
  EXPECT_LT(result["epochs"][3]["loss"], result["epochs"][0]["loss"]);
}

// A fortieth of what the example does, which reaches 99 % in minutes.
TEST_F(RealDigitsTest, AConvolutionalNetworkReaches90PercentOnAFewDigits) {
  WriteFile(Path("train"), R"(
    dataset: "mnist/train"
    sampler { order: CLASS_BALANCED positions: 4800 }
    seed: 1
    transforms {
      random_affine {
        degrees: 10 translate: [ 0.08, 0.08 ] interpolation: BILINEAR
      }
    }
    batch { size: 32 })");
  WriteFile(Path("test"), R"(
    dataset: "mnist/test"
    sampler { order: CLASS_BALANCED positions: 1000 }
    batch { size: 100 })");
  const nlohmann::json result =
      Train("cnn", {"--epochs", "2", "--train-plan", Path("train"),
                    "--test-plan", Path("test")});
  EXPECT_EQ(result["test_samples"], 1000);
  EXPECT_GE(result["test_accuracy"], 0.90);
  EXPECT_LT(result["epochs"][1]["loss"], result["epochs"][0]["loss"]);
}

}  // namespace
}  // namespace millrace
