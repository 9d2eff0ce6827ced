// The whole path on the real MNIST files, down to a trainer that learns.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/integration/world.h"
#include "tests/support/samples.h"

namespace millrace {
namespace {

TEST(RealDigitsTest, ASoftmaxRegressionOnStreamedMnistReaches91Percent) {
  const char* test_data = std::getenv("MILLRACE_TEST_DATA");
  const std::string mnist =
      std::string(test_data == nullptr ? "" : test_data) + "/mnist";
  if (!std::filesystem::exists(mnist + "/train-images-idx3-ubyte.gz")) {
    GTEST_SKIP() << "no MNIST files in MILLRACE_TEST_DATA/mnist";
  }
  TemporaryFolder folder;
  const std::string data_dir = folder.path() + "/data";
  const auto ingest = [&](const char* dataset, const std::string& prefix) {
    Millrace({"ingest", "mnist", "--dataset", dataset, "--images",
              prefix + "-images-idx3-ubyte.gz", "--labels",
              prefix + "-labels-idx1-ubyte.gz", "--data-dir", data_dir});
  };
  ingest("mnist/train", mnist + "/train");
  ingest("mnist/test", mnist + "/t10k");
  Server server(data_dir);
  const Outcome outcome =
      RunToEnd({Program("softmax"), "--endpoint", server.endpoint(), "--epochs",
                "4", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const nlohmann::json result = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(result["test_samples"], 10000);
  EXPECT_GE(result["test_accuracy"], 0.91);
  EXPECT_LT(result["epochs"][3]["loss"], result["epochs"][0]["loss"]);
}

}  // namespace
}  // namespace millrace
