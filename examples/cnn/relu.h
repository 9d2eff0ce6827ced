// y = max(x, 0); its gradient passes where x > 0.
//
// Source: Nair, Hinton, "Rectified linear units improve restricted Boltzmann
// machines" (2010).
#pragma once

#include "examples/cnn/layer.h"

namespace millrace::cnn {

class Relu : public Layer {
 public:
  explicit Relu(Shape shape) : shape_(shape) {}

  Shape input() const override { return shape_; }
  Shape output() const override { return shape_; }

  void Forward(const Pass& pass, const float* w, const float* x,
               float* y) const override;
  void Backward(const Pass& pass, const float* w, const float* x,
                const float* y, const float* dy, float* dx,
                float* dw) const override;

 private:
  const Shape shape_;
};

}  // namespace millrace::cnn
