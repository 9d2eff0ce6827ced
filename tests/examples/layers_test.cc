// Each layer: its values by hand, its gradients by the definition.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "examples/cnn/convolution.h"
#include "examples/cnn/dropout.h"
#include "examples/cnn/fully_connected.h"
#include "examples/cnn/matrix_product.h"
#include "examples/cnn/max_pooling.h"
#include "examples/cnn/relu.h"
#include "examples/cnn/softmax_cross_entropy.h"
#include "tests/examples/gradient_check.h"

namespace millrace::cnn {
namespace {

using testing::ElementsAre;

Pass Learning(int samples) {
  Pass pass;
  pass.samples = samples;
  pass.learning = true;
  pass.seed = 5;
  pass.step = 9;
  return pass;
}

std::vector<float> Forward(const Layer& layer, const Pass& pass,
                           const std::vector<float>& w,
                           const std::vector<float>& x) {
  std::vector<float> y(size_t(pass.samples) * layer.output().size());
  layer.Forward(pass, w.data(), x.data(), y.data());
  return y;
}

// As the header says, one sum after the other.
std::vector<float> PlainProduct(size_t m, size_t n, size_t k,
                                const StridedMatrix& a,
                                const std::vector<float>& b,
                                std::vector<float> c) {
  for (size_t i = 0; i < m; ++i) {
    for (size_t j = 0; j < n; ++j) {
      for (size_t p = 0; p < k; ++p) {
        c[i * n + j] += a.data[i * a.row + p * a.column] * b[p * n + j];
      }
    }
  }
  return c;
}

TEST(MatrixProductTest, VectorsAndTilesChangeNoBit) {
  for (const size_t m : {1, 5, 6, 7, 13}) {
    for (const size_t n : {1, 10, 15, 16, 17, 32, 50}) {
      for (const size_t k : {1, 2, 31}) {
        SCOPED_TRACE(testing::Message() << m << " x " << n << " x " << k);
        const std::vector<float> a = DistinctValues(m * k, 1);
        const std::vector<float> b = DistinctValues(k * n, 2);
        const std::vector<float> c = DistinctValues(m * n, 3);
        for (const StridedMatrix& strided :
             {StridedMatrix{a.data(), k, 1}, StridedMatrix{a.data(), 1, m}}) {
          std::vector<float> result = c;
          AddProduct(m, n, k, strided, b.data(), result.data());
          EXPECT_EQ(result, PlainProduct(m, n, k, strided, b, c));
        }
      }
    }
  }
}

TEST(ConvolutionTest, IsASumOverWhatAPixelSees) {
  const Convolution convolution({3, 4, 2}, 3, 5);
  const std::vector<float> x = DistinctValues(3 * 4 * 2, 1);
  const std::vector<float> w = DistinctValues(convolution.weights(), 2);
  const std::vector<float> y = Forward(convolution, Learning(1), w, x);
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 4; ++j) {
      for (int o = 0; o < 5; ++o) {
        double sum = w[3 * 3 * 2 * 5 + o];
        for (int u = 0; u < 3; ++u) {
          for (int v = 0; v < 3; ++v) {
            const int row = i + u - 1;
            const int column = j + v - 1;
            if (row < 0 || row >= 3 || column < 0 || column >= 4) continue;
            for (int c = 0; c < 2; ++c) {
              sum += double(w[((u * 3 + v) * 2 + c) * 5 + o]) *
                     x[(row * 4 + column) * 2 + c];
            }
          }
        }
        EXPECT_NEAR(y[(i * 4 + j) * 5 + o], sum, 1e-5);
      }
    }
  }
}

TEST(ConvolutionTest, GradientsAreThoseOfTheDefinition) {
  ExpectGradientsOf(Convolution({5, 4, 2}, 3, 3), Learning(2));
  ExpectGradientsOf(Convolution({6, 6, 1}, 5, 4), Learning(1));
  // A kernel larger than the image.
  ExpectGradientsOf(Convolution({2, 1, 1}, 5, 2), Learning(1));
}

TEST(MaxPoolingTest, TakesTheLargestAndLeavesOutTheLastOddColumn) {
  const MaxPooling pooling({2, 5, 1});
  EXPECT_THAT(Forward(pooling, Learning(1), {},
                      {1, 2, -3, -4, 9,  //
                       4, 3, -5, -2, 9}),
              ElementsAre(4, -2));
}

TEST(MaxPoolingTest, OfEqualsTheFirstGetsTheGradient) {
  const MaxPooling pooling({2, 2, 1});
  const std::vector<float> x = {0, 3, 3, 3};
  const std::vector<float> y = Forward(pooling, Learning(1), {}, x);
  const float dy = 2;
  std::vector<float> dx(4, 7.0f);
  pooling.Backward(Learning(1), nullptr, x.data(), y.data(), &dy, dx.data(),
                   nullptr);
  EXPECT_THAT(dx, ElementsAre(0, 2, 0, 0));
}

TEST(MaxPoolingTest, GradientsAreThoseOfTheDefinition) {
  ExpectGradientsOf(MaxPooling({4, 6, 3}), Learning(2));
  ExpectGradientsOf(MaxPooling({5, 3, 2}), Learning(2));
}

TEST(FullyConnectedTest, IsAWeightedSumAndABias) {
  const FullyConnected layer({1, 2, 1}, 3);
  EXPECT_THAT(
      Forward(layer, Learning(1), {1, 2, 3, 4, 5, 6, 10, 20, 30}, {1, -1}),
      ElementsAre(10 - 3, 20 - 3, 30 - 3));
}

TEST(FullyConnectedTest, GradientsAreThoseOfTheDefinition) {
  ExpectGradientsOf(FullyConnected({2, 3, 2}, 5), Learning(3));
  ExpectGradientsOf(FullyConnected({1, 1, 20}, 17), Learning(16));
}

TEST(ReluTest, GradientsAreThoseOfTheDefinition) {
  ExpectGradientsOf(Relu({3, 3, 2}), Learning(2));
}

TEST(DropoutTest, GradientsAreThoseOfTheDefinition) {
  ExpectGradientsOf(Dropout({1, 1, 30}, 0.4f, 1), Learning(2));
}

TEST(DropoutTest, DropsTheRateOfThemAndScalesTheRest) {
  const Dropout dropout({1, 1, 10000}, 0.4f, 1);
  const std::vector<float> y =
      Forward(dropout, Learning(1), {}, std::vector<float>(10000, 3.0f));
  int dropped = 0;
  for (const float value : y) {
    dropped += value == 0;
    if (value != 0) {
      EXPECT_FLOAT_EQ(value, 5);
    }
  }
  // Six standard deviations.
  EXPECT_NEAR(dropped, 4000, 6 * 49);
}

TEST(DropoutTest, DrawsAnewForEachSampleStepSeedAndLayer) {
  const std::vector<float> x(2 * 64, 1.0f);
  const Dropout dropout({1, 1, 64}, 0.5f, 1);
  const std::vector<float> both = Forward(dropout, Learning(2), {}, x);
  const std::vector<float> first(both.begin(), both.begin() + 64);
  const std::vector<float> second(both.begin() + 64, both.end());
  EXPECT_NE(first, second);
  // Cut into slices otherwise, a sample's choices stay.
  Pass pass = Learning(1);
  pass.first_sample = 1;
  EXPECT_EQ(Forward(dropout, pass, {}, x), second);
  pass = Learning(1);
  EXPECT_EQ(Forward(dropout, pass, {}, x), first);
  pass.step += 1;
  EXPECT_NE(Forward(dropout, pass, {}, x), first);
  pass = Learning(1);
  pass.seed += 1;
  EXPECT_NE(Forward(dropout, pass, {}, x), first);
  EXPECT_NE(Forward(Dropout({1, 1, 64}, 0.5f, 2), Learning(1), {}, x), first);
}

TEST(DropoutTest, DoesNothingWhenTheNetworkIsUsed) {
  Pass pass = Learning(2);
  pass.learning = false;
  const std::vector<float> x = DistinctValues(2 * 30, 1);
  EXPECT_EQ(Forward(Dropout({1, 1, 30}, 0.4f, 1), pass, {}, x), x);
}

TEST(SoftmaxCrossEntropyTest, IsTheLogarithmOfTheTrueClassesShare) {
  const std::vector<float> z = {std::log(1.0f), std::log(2.0f), std::log(5.0f)};
  std::vector<float> dz(3);
  EXPECT_NEAR(SoftmaxCrossEntropy(z, {1}, 3, 1, dz.data()), std::log(4), 1e-6);
  EXPECT_NEAR(dz[0], 0.125, 1e-6);
  EXPECT_NEAR(dz[1], 0.25 - 1, 1e-6);
  EXPECT_NEAR(dz[2], 0.625, 1e-6);
}

TEST(SoftmaxCrossEntropyTest, LargeScoresDoNotOverflow) {
  const std::vector<float> z = {1000, -1000};
  std::vector<float> dz(2);
  EXPECT_NEAR(SoftmaxCrossEntropy(z, {0}, 2, 1, dz.data()), 0, 1e-6);
  EXPECT_NEAR(SoftmaxCrossEntropy(z, {1}, 2, 1, dz.data()), 2000, 1e-3);
  EXPECT_THAT(dz, ElementsAre(1, -1));
}

TEST(SoftmaxCrossEntropyTest, GradientIsThatOfTheDefinition) {
  std::vector<float> z = DistinctValues(4 * 5, 1);
  const std::vector<int> truths = {0, 3, 4, 3};
  std::vector<float> dz(z.size());
  std::vector<float> unused(z.size());
  SoftmaxCrossEntropy(z, truths, 5, 0.25f, dz.data());
  ExpectGradient(
      "dz",
      [&] { return SoftmaxCrossEntropy(z, truths, 5, 1, unused.data()) / 4; },
      &z, dz);
}

}  // namespace
}  // namespace millrace::cnn
