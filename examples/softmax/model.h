// Softmax regression: the simplest classifier that learns digits.
//
//   p(class | x) = softmax(W x + b),  trained by gradient descent on the
//   cross-entropy -log p(true class | x).
#pragma once

#include <cstddef>
#include <vector>

#include "absl/types/span.h"

namespace millrace::softmax {

class Model {
 public:
  Model(int features, int classes);

  int features() const { return features_; }
  int classes() const { return classes_; }

  // The probability of each class; `x` has features() values. The result is
  // valid until the next call.
  absl::Span<const float> Predict(absl::Span<const float> x);

  // Adds a sample to the gradient of the batch; returns its loss.
  float Accumulate(absl::Span<const float> x, int truth);

  // One step of gradient descent on the mean of what was accumulated, which is
  // then forgotten.
  void Step(float learning_rate);

 private:
  float* Row(std::vector<float>* matrix, size_t feature) {
    return matrix->data() + feature * stride_;
  }

  const int features_;
  const int classes_;
  // Weights lie feature by feature, with the classes padded to whole vector
  // registers: inner loops run over classes, need no reduction, and pixels that
  // are zero (most of a digit) are skipped.
  const size_t stride_;
  std::vector<float> weights_;   // [features + 1, stride]; the last row is b.
  std::vector<float> gradient_;  // Likewise.
  std::vector<float> scores_;    // [stride]
  int accumulated_ = 0;
};

}  // namespace millrace::softmax
