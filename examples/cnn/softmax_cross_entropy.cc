#include "examples/cnn/softmax_cross_entropy.h"

#include <algorithm>
#include <cmath>

namespace millrace::cnn {

double SoftmaxCrossEntropy(absl::Span<const float> z,
                           absl::Span<const int> truths, int classes,
                           float scale, float* dz) {
  double loss = 0;
  for (size_t s = 0; s < truths.size(); ++s, dz += classes) {
    const absl::Span<const float> scores = z.subspan(s * classes, classes);
    // Shifted by the largest score, so that exp() cannot overflow.
    const float largest = *std::max_element(scores.begin(), scores.end());
    float sum = 0;
    for (int c = 0; c < classes; ++c) {
      dz[c] = std::exp(scores[c] - largest);
      sum += dz[c];
    }
    loss += std::log(sum) - (scores[truths[s]] - largest);
    for (int c = 0; c < classes; ++c) dz[c] *= scale / sum;
    dz[truths[s]] -= scale;
  }
  return loss;
}

}  // namespace millrace::cnn
