#include "examples/cnn/dropout.h"

#include <algorithm>

namespace millrace::cnn {

void Dropout::Apply(const Pass& pass, const float* from, float* to) const {
  const size_t count = shape_.size();
  if (!pass.learning) {
    std::copy(from, from + count * pass.samples, to);
    return;
  }
  const float scale = 1 / (1 - rate_);
  for (int s = 0; s < pass.samples; ++s, from += count, to += count) {
    demo::Random step(pass.seed + salt_, pass.step);
    demo::Random random(step.Next(), pass.first_sample + s);
    for (size_t i = 0; i < count; ++i) {
      to[i] = random.Chance(rate_) ? 0 : scale * from[i];
    }
  }
}

void Dropout::Forward(const Pass& pass, const float* w, const float* x,
                      float* y) const {
  Apply(pass, x, y);
}

void Dropout::Backward(const Pass& pass, const float* w, const float* x,
                       const float* y, const float* dy, float* dx,
                       float* dw) const {
  if (dx != nullptr) Apply(pass, dy, dx);
}

}  // namespace millrace::cnn
