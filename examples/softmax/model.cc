#include "examples/softmax/model.h"

#include <algorithm>
#include <cmath>

namespace millrace::softmax {

namespace {

constexpr size_t kLanes = 8;

// y += a * x
void AddScaled(float a, const float* __restrict x, float* __restrict y,
               size_t size) {
  for (size_t i = 0; i < size; ++i) y[i] += a * x[i];
}

}  // namespace

Model::Model(int features, int classes)
    : features_(features),
      classes_(classes),
      stride_((classes + kLanes - 1) / kLanes * kLanes),
      weights_((features + 1) * stride_),
      gradient_((features + 1) * stride_),
      scores_(stride_) {}

absl::Span<const float> Model::Predict(absl::Span<const float> x) {
  const float* bias = Row(&weights_, features_);
  std::copy(bias, bias + stride_, scores_.begin());
  for (int i = 0; i < features_; ++i) {
    if (x[i] == 0) continue;
    AddScaled(x[i], Row(&weights_, i), scores_.data(), stride_);
  }
  // Shifted by the largest score, so that exp() cannot overflow.
  const float largest =
      *std::max_element(scores_.begin(), scores_.begin() + classes_);
  float sum = 0;
  for (int c = 0; c < classes_; ++c) {
    scores_[c] = std::exp(scores_[c] - largest);
    sum += scores_[c];
  }
  for (int c = 0; c < classes_; ++c) scores_[c] /= sum;
  return absl::MakeConstSpan(scores_.data(), classes_);
}

float Model::Accumulate(absl::Span<const float> x, int truth) {
  const float loss = -std::log(std::max(Predict(x)[truth], 1e-12f));
  // The gradient by the scores is p - 1 at the true class and p elsewhere.
  scores_[truth] -= 1;
  std::fill(scores_.begin() + classes_, scores_.end(), 0.0f);
  for (int i = 0; i < features_; ++i) {
    if (x[i] == 0) continue;
    AddScaled(x[i], scores_.data(), Row(&gradient_, i), stride_);
  }
  AddScaled(1, scores_.data(), Row(&gradient_, features_), stride_);
  ++accumulated_;
  return loss;
}

void Model::Step(float learning_rate) {
  if (accumulated_ == 0) return;
  AddScaled(-learning_rate / static_cast<float>(accumulated_), gradient_.data(),
            weights_.data(), weights_.size());
  std::fill(gradient_.begin(), gradient_.end(), 0.0f);
  accumulated_ = 0;
}

}  // namespace millrace::softmax
