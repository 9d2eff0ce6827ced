#include "tests/examples/gradient_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace millrace::cnn {

namespace {

constexpr float kChange = 4e-4f;

}  // namespace

std::vector<float> DistinctValues(size_t count, uint64_t seed) {
  demo::Random random(seed, 0);
  std::vector<float> values(count);
  // Evenly spaced, none of them zero, in random order.
  for (size_t i = 0; i < count; ++i) {
    values[i] = (2 * static_cast<float>(i) + 1) / static_cast<float>(count) - 1;
    std::swap(values[i], values[random.Below(static_cast<int>(i) + 1)]);
  }
  return values;
}

void ExpectGradient(const std::string& what,
                    const std::function<double()>& function,
                    std::vector<float>* values,
                    const std::vector<float>& gradient) {
  ASSERT_EQ(values->size(), gradient.size());
  double largest = 0;
  for (const float g : gradient) {
    largest = std::max<double>(largest, std::abs(g));
  }
  ASSERT_GT(largest, 0) << what;
  for (size_t i = 0; i < values->size(); ++i) {
    const float value = (*values)[i];
    (*values)[i] = value + kChange;
    const double above = function();
    (*values)[i] = value - kChange;
    const double below = function();
    (*values)[i] = value;
    const double change =
        static_cast<double>(value + kChange) - (value - kChange);
    ASSERT_NEAR(gradient[i], (above - below) / change, 0.01 * largest)
        << what << " " << i;
  }
}

void ExpectGradientsOf(const Layer& layer, const Pass& pass) {
  std::vector<float> x =
      DistinctValues(size_t(pass.samples) * layer.input().size(), 1);
  std::vector<float> w = DistinctValues(layer.weights(), 2);
  std::vector<float> y(size_t(pass.samples) * layer.output().size());
  // The loss is a weighted sum of the outputs.
  const std::vector<float> dy = DistinctValues(y.size(), 3);
  const auto loss = [&] {
    layer.Forward(pass, w.data(), x.data(), y.data());
    double sum = 0;
    for (size_t i = 0; i < y.size(); ++i) sum += double(dy[i]) * y[i];
    return sum;
  };
  loss();
  // What was there is overwritten in dx, and added to in dw.
  std::vector<float> dx(x.size(), 7.0f);
  std::vector<float> dw(w.size(), 7.0f);
  layer.Backward(pass, w.data(), x.data(), y.data(), dy.data(), dx.data(),
                 dw.data());
  for (float& g : dw) g -= 7;
  ExpectGradient("dx", loss, &x, dx);
  if (!w.empty()) ExpectGradient("dw", loss, &w, dw);
  // Without dx, dw is the same.
  std::vector<float> again(w.size(), 7.0f);
  layer.Backward(pass, w.data(), x.data(), y.data(), dy.data(), nullptr,
                 again.data());
  for (float& g : again) g -= 7;
  EXPECT_EQ(again, dw);
}

}  // namespace millrace::cnn
