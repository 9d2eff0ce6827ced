// The whole network: gradients, threads, optimizers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "examples/cnn/batch_learner.h"
#include "examples/cnn/convolution.h"
#include "examples/cnn/dropout.h"
#include "examples/cnn/fully_connected.h"
#include "examples/cnn/max_pooling.h"
#include "examples/cnn/network.h"
#include "examples/cnn/optimizer.h"
#include "examples/cnn/relu.h"
#include "tests/examples/gradient_check.h"

namespace millrace::cnn {
namespace {

constexpr int kClasses = 3;

// Bars: the class says which third of the image is bright.
digits::Samples Bars(int count, int side) {
  demo::Random random(4, 0);
  digits::Samples samples;
  samples.shape = {side, side, 1};
  samples.features = side * side;
  for (int s = 0; s < count; ++s) {
    const int label = random.Below(kClasses);
    samples.labels.push_back(label);
    for (int pixel = 0; pixel < side * side; ++pixel) {
      const bool bright = pixel / side * kClasses / side == label;
      samples.pixels.push_back(
          static_cast<float>(random.Between(0, 0.3) + (bright ? 0.6 : 0)));
    }
  }
  return samples;
}

// All kinds of layers, small enough to try each weight.
Network SmallNetwork() {
  Network network({6, 6, 1});
  network.Add(std::make_unique<Convolution>(network.output(), 3, 4));
  network.Add(std::make_unique<MaxPooling>(network.output()));
  network.Add(std::make_unique<Relu>(network.output()));
  network.Add(std::make_unique<Convolution>(network.output(), 3, 3));
  network.Add(std::make_unique<Relu>(network.output()));
  network.Add(std::make_unique<FullyConnected>(network.output(), 7));
  network.Add(std::make_unique<Dropout>(network.output(), 0.3f, 1));
  network.Add(std::make_unique<FullyConnected>(network.output(), kClasses));
  return network;
}

TEST(NetworkTest, TheGradientOfTheWholeIsThatOfTheDefinition) {
  const Network network = SmallNetwork();
  // More than a slice, and one that is not full.
  const digits::Samples samples = Bars(19, 6);
  std::vector<float> weights = network.Initialize(1);
  BatchLearner learner(&network, 2);
  digits::Tally tally;
  const absl::Span<const float> span =
      learner.Gradient(weights, samples, 1, 2, &tally);
  const std::vector<float> gradient(span.begin(), span.end());
  EXPECT_EQ(tally.samples, 19u);
  BatchLearner other(&network, 1);
  ExpectGradient(
      "dw",
      [&] {
        digits::Tally at;
        other.Gradient(weights, samples, 1, 2, &at);
        return at.loss / 19;
      },
      &weights, gradient);
}

TEST(NetworkTest, ThreadsDoNotChangeABitOfTheGradient) {
  const Network network = DigitNetwork({12, 12, 1}, kClasses);
  const digits::Samples samples = Bars(70, 12);
  const std::vector<float> weights = network.Initialize(1);
  std::vector<float> expected;
  for (const int threads : {1, 2, 3, 8}) {
    BatchLearner learner(&network, threads);
    digits::Tally tally;
    const auto gradient = learner.Gradient(weights, samples, 1, 2, &tally);
    if (expected.empty()) expected.assign(gradient.begin(), gradient.end());
    EXPECT_TRUE(gradient == absl::MakeConstSpan(expected)) << threads;
    // Nor does a smaller batch before it.
    learner.Gradient(weights, Bars(5, 12), 1, 3, &tally);
    EXPECT_TRUE(learner.Gradient(weights, samples, 1, 2, &tally) ==
                absl::MakeConstSpan(expected));
  }
}

TEST(NetworkTest, WeightsToBeginWithFollowFromTheSeed) {
  const Network network = SmallNetwork();
  EXPECT_EQ(network.Initialize(1), network.Initialize(1));
  EXPECT_NE(network.Initialize(1), network.Initialize(2));
}

class OptimizerTest : public testing::TestWithParam<const char*> {};

TEST_P(OptimizerTest, LearnsBars) {
  const Network network = SmallNetwork();
  const digits::Samples samples = Bars(64, 6);
  std::vector<float> weights = network.Initialize(1);
  auto optimizer = Optimizer::Create(GetParam(), weights.size());
  ASSERT_TRUE(optimizer.ok()) << optimizer.status();
  BatchLearner learner(&network, 2);
  for (int step = 0; step < 300; ++step) {
    digits::Tally tally;
    (*optimizer)
        ->Step(learner.Gradient(weights, samples, 1, step, &tally),
               (*optimizer)->default_rate(), absl::MakeSpan(weights));
  }
  EXPECT_EQ((*optimizer)->steps(), 300u);
  EXPECT_EQ(learner.Predict(weights, samples), samples.labels);
}

TEST_P(OptimizerTest, GoesOnFromItsMemory) {
  const std::vector<float> gradient = DistinctValues(20, 1);
  std::vector<float> weights = DistinctValues(20, 2);
  auto first = Optimizer::Create(GetParam(), 20);
  auto second = Optimizer::Create(GetParam(), 20);
  ASSERT_TRUE(first.ok() && second.ok());
  (*first)->Step(gradient, 0.1f, absl::MakeSpan(weights));
  ASSERT_TRUE((*second)->Restore((*first)->steps(), (*first)->memory()).ok());
  std::vector<float> same = weights;
  (*first)->Step(gradient, 0.1f, absl::MakeSpan(weights));
  (*second)->Step(gradient, 0.1f, absl::MakeSpan(same));
  EXPECT_EQ(weights, same);
  EXPECT_EQ((*second)->Restore(1, {1.0f}).code(),
            absl::StatusCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(All, OptimizerTest,
                         testing::Values("adam", "rmsprop", "sgd"),
                         [](const auto& info) { return info.param; });

// Two steps with the gradient 2, then 1, from weight 0 at rate 0.1.
double AfterTwoSteps(const char* name) {
  auto optimizer = Optimizer::Create(name, 1);
  EXPECT_TRUE(optimizer.ok());
  std::vector<float> weights = {0};
  for (const float gradient : {2.0f, 1.0f}) {
    (*optimizer)->Step({gradient}, 0.1f, absl::MakeSpan(weights));
  }
  return weights[0];
}

TEST(OptimizerFormulaTest, StepsAreThoseOfThePapers) {
  EXPECT_NEAR(AfterTwoSteps("sgd"), -0.1 * 2 - 0.1 * (0.9 * 2 + 1), 1e-6);
  EXPECT_NEAR(AfterTwoSteps("rmsprop"),
              -0.1 * 2 / std::sqrt(0.4) - 0.1 / std::sqrt(0.9 * 0.4 + 0.1),
              1e-6);
  const double m = (0.9 * 0.2 + 0.1) / (1 - 0.81);
  const double s = (0.999 * 0.004 + 0.001) / (1 - 0.999 * 0.999);
  EXPECT_NEAR(AfterTwoSteps("adam"), -0.1 - 0.1 * m / std::sqrt(s), 1e-5);
}

TEST(OptimizerFormulaTest, UnknownNamesAreRefusedWithWhatThereIs) {
  const auto optimizer = Optimizer::Create("newton", 1);
  EXPECT_EQ(optimizer.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(
      std::string(optimizer.status().message()),
      testing::AllOf(testing::HasSubstr("newton"), testing::HasSubstr("adam")));
}

}  // namespace
}  // namespace millrace::cnn
