// The largest of each 2 x 2 square, channel by channel:
//
//   y[i, j, c] = max of x[2i .. 2i + 1, 2j .. 2j + 1, c]
//
// Its gradient goes to the value that was the largest; of equals, to the first.
// A last odd row or column is left out.
//
// Source: Scherer et al., "Evaluation of pooling operations in convolutional
// architectures for object recognition" (2010).
#pragma once

#include "examples/cnn/layer.h"

namespace millrace::cnn {

class MaxPooling : public Layer {
 public:
  explicit MaxPooling(Shape input)
      : input_(input),
        output_{input.height / 2, input.width / 2, input.channels} {}

  Shape input() const override { return input_; }
  Shape output() const override { return output_; }

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
