// While learning, each value is zero with probability `rate`, and divided by
// 1 - rate otherwise, so that the expected value stays and nothing is left to
// do when the network is used:
//
//   y = m x / (1 - rate),  dx = m dy / (1 - rate),  m in {0, 1} at random
//
// m is a function of (seed, step, place of the sample in its batch).
//
// Source: Srivastava et al., "Dropout: a simple way to prevent neural networks
// from overfitting" (2014).
#pragma once

#include "examples/cnn/layer.h"

namespace millrace::cnn {

class Dropout : public Layer {
 public:
  // 0 <= rate < 1. Layers of one network have different `salt`.
  Dropout(Shape shape, float rate, uint64_t salt)
      : shape_(shape), rate_(rate), salt_(salt) {}

  Shape input() const override { return shape_; }
  Shape output() const override { return shape_; }

  void Forward(const Pass& pass, const float* w, const float* x,
               float* y) const override;
  void Backward(const Pass& pass, const float* w, const float* x,
                const float* y, const float* dy, float* dx,
                float* dw) const override;

 private:
  // Both ways are the same: to = m from / (1 - rate).
  void Apply(const Pass& pass, const float* from, float* to) const;

  const Shape shape_;
  const float rate_;
  const uint64_t salt_;
};

}  // namespace millrace::cnn
