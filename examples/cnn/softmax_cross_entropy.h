// What the network is to make small: the cross-entropy of its softmax,
//
//   p[c] = exp(z[c]) / sum over k of exp(z[k]),   loss = -log p[truth],
//   dloss/dz[c] = p[c] - (1 if c is the truth, else 0)
//
// Source: Bridle, "Probabilistic interpretation of feedforward classification
// network outputs" (1990); Bishop, "Pattern Recognition and Machine Learning"
// (2006), 4.3.4.
#pragma once

#include "absl/types/span.h"

namespace millrace::cnn {

// The sum of the losses of samples with scores z [samples, classes] and these
// true classes, in nats. Writes the gradient times `scale` to dz.
double SoftmaxCrossEntropy(absl::Span<const float> z,
                           absl::Span<const int> truths, int classes,
                           float scale, float* dz);

}  // namespace millrace::cnn
