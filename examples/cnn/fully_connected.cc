#include "examples/cnn/fully_connected.h"

#include <algorithm>
#include <vector>

#include "examples/cnn/matrix_product.h"

namespace millrace::cnn {

void FullyConnected::Initialize(demo::Random* random, float* w) const {
  const size_t factors = size_t(input_.size()) * output_.size();
  InitializeForRelu(input_.size(), factors, random, w);
  std::fill(w + factors, w + weights(), 0.0f);
}

void FullyConnected::Forward(const Pass& pass, const float* w, const float* x,
                             float* y) const {
  const size_t inputs = input_.size();
  const size_t outputs = output_.size();
  const float* bias = w + inputs * outputs;
  for (int s = 0; s < pass.samples; ++s) {
    std::copy(bias, bias + outputs, y + s * outputs);
  }
  AddProduct(pass.samples, outputs, inputs, {x, inputs, 1}, w, y);
}

void FullyConnected::Backward(const Pass& pass, const float* w, const float* x,
                              const float* y, const float* dy, float* dx,
                              float* dw) const {
  const size_t inputs = input_.size();
  const size_t outputs = output_.size();
  const size_t samples = pass.samples;
  AddProduct(inputs, outputs, samples, {x, 1, inputs}, dy, dw);
  float* dbias = dw + inputs * outputs;
  for (size_t s = 0; s < samples; ++s) {
    for (size_t o = 0; o < outputs; ++o) dbias[o] += dy[s * outputs + o];
  }
  if (dx == nullptr) return;
  // As dx^T = w dy^T: so w, the large one, is read as it lies.
  const std::vector<float> dy_transpose = Transpose(dy, samples, outputs);
  std::vector<float> dx_transpose(inputs * samples);
  AddProduct(inputs, samples, outputs, {w, outputs, 1}, dy_transpose.data(),
             dx_transpose.data());
  const std::vector<float> result =
      Transpose(dx_transpose.data(), inputs, samples);
  std::copy(result.begin(), result.end(), dx);
}

}  // namespace millrace::cnn
