#include "examples/cnn/relu.h"

namespace millrace::cnn {

void Relu::Forward(const Pass& pass, const float* w, const float* x,
                   float* y) const {
  const size_t count = size_t(pass.samples) * shape_.size();
  for (size_t i = 0; i < count; ++i) y[i] = x[i] > 0 ? x[i] : 0;
}

void Relu::Backward(const Pass& pass, const float* w, const float* x,
                    const float* y, const float* dy, float* dx,
                    float* dw) const {
  if (dx == nullptr) return;
  const size_t count = size_t(pass.samples) * shape_.size();
  for (size_t i = 0; i < count; ++i) dx[i] = x[i] > 0 ? dy[i] : 0;
}

}  // namespace millrace::cnn
