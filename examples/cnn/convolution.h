// A convolution with square kernels of odd side, stride 1, and zeros around the
// image, so that its size stays:
//
//   y[i, j, o] = b[o] + sum over (u, v, c) of
//                w[u, v, c, o] * x[i + u - r, j + v - r, c],  r = (side - 1) /
//                2
//
// (LeCun et al., "Gradient-based learning applied to document recognition",
// 1998; like every library it does not flip the kernel, so strictly it is a
// correlation.)
//
// As products of matrices (Chellapilla et al., "High performance convolutional
// neural networks for document processing", 2006): each row of P holds what one
// output pixel sees, `side * side * channels` values. Then
//
//   y = P w + b,   dw = P^T dy,   db = column sums of dy,   dP = dy w^T,
//
// and dx sums the elements of dP that stem from the same value of x.
#pragma once

#include <cstddef>

#include "examples/cnn/layer.h"

namespace millrace::cnn {

class Convolution : public Layer {
 public:
  Convolution(Shape input, int side, int channels);

  Shape input() const override { return input_; }
  Shape output() const override { return output_; }

  // w [side, side, input channels, output channels], then b [output channels].
  size_t weights() const override { return (patch_ + 1) * output_.channels; }
  void Initialize(demo::Random* random, float* w) const override;

  void Forward(const Pass& pass, const float* w, const float* x,
               float* y) const override;
  void Backward(const Pass& pass, const float* w, const float* x,
                const float* y, const float* dy, float* dx,
                float* dw) const override;

 private:
  size_t pixels() const { return size_t(input_.height) * input_.width; }
  // Of one sample; patches [pixels, patch].
  void GatherPatches(const float* x, float* patches) const;
  // Adds to x, the other way round.
  void ScatterPatches(const float* patches, float* x) const;

  const Shape input_;
  const Shape output_;
  const int side_;
  const size_t patch_;  // Values that an output pixel sees.
};

}  // namespace millrace::cnn
