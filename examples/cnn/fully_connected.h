// Every output is a weighted sum of all inputs:
//
//   y = x w + b,   dx = dy w^T,   dw = x^T dy,   db = column sums of dy
//
// with one row of x and y a sample.
//
// Source: Rumelhart, Hinton, Williams, "Learning representations by
// back-propagating errors" (1986).
#pragma once

#include <cstddef>

#include "examples/cnn/layer.h"

namespace millrace::cnn {

class FullyConnected : public Layer {
 public:
  FullyConnected(Shape input, int outputs)
      : input_(input), output_{1, 1, outputs} {}

  Shape input() const override { return input_; }
  Shape output() const override { return output_; }

  // w [inputs, outputs], then b [outputs].
  size_t weights() const override {
    return (size_t(input_.size()) + 1) * output_.size();
  }
  void Initialize(demo::Random* random, float* w) const override;

  void Forward(const Pass& pass, const float* w, const float* x,
               float* y) const override;
  void Backward(const Pass& pass, const float* w, const float* x,
                const float* y, const float* dy, float* dx,
                float* dw) const override;

 private:
  const Shape input_;
  const Shape output_;
};

}  // namespace millrace::cnn
