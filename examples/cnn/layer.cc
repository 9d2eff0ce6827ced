#include "examples/cnn/layer.h"

#include <cmath>

namespace millrace::cnn {

void InitializeForRelu(int inputs, size_t count, demo::Random* random,
                       float* w) {
  const double bound = std::sqrt(6.0 / inputs);
  for (size_t i = 0; i < count; ++i) {
    w[i] = static_cast<float>(random->Between(-bound, bound));
  }
}

}  // namespace millrace::cnn
