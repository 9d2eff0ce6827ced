// One step of a network: a function of the values of some samples and of its
// own weights.
//
// Layers hold no weights, values or gradients: those are the caller's, and what
// a layer draws at random is a function of (seed, step, sample). So threads
// share one layer, and the same call gives the same bits.
//
// Values of a sample are [height, width, channels], channels innermost, the
// layout in which the server sends images.
#pragma once

#include <cstddef>
#include <cstdint>

#include "examples/demo_data/random.h"

namespace millrace::cnn {

struct Shape {
  int height = 0;
  int width = 0;
  int channels = 0;

  int size() const { return height * width * channels; }
};

// Some neighbouring samples of a batch on their way through the network.
struct Pass {
  int samples = 0;
  // Only then layers draw at random.
  bool learning = false;
  uint64_t seed = 0;
  uint64_t step = 0;
  // The place of the first of the samples in its batch.
  uint64_t first_sample = 0;
};

class Layer {
 public:
  virtual ~Layer() = default;

  virtual Shape input() const = 0;
  virtual Shape output() const = 0;

  // How many weights it has, and their values to begin with.
  virtual size_t weights() const { return 0; }
  virtual void Initialize(demo::Random* random, float* w) const {}

  // y = f(x, w); x is [samples, input], y is [samples, output].
  virtual void Forward(const Pass& pass, const float* w, const float* x,
                       float* y) const = 0;

  // Given what Forward() read and wrote and the gradient of the loss by y,
  // writes that by x to dx, and adds that by w to dw. No dx if it is null.
  virtual void Backward(const Pass& pass, const float* w, const float* x,
                        const float* y, const float* dy, float* dx,
                        float* dw) const = 0;
};

// He et al., "Delving deep into rectifiers" (2015), eq. 10: a variance of 2 /
// inputs keeps the size of values from layer to layer where half of them are
// cut off by ReLU. Uniform, in +-sqrt(6 / inputs).
void InitializeForRelu(int inputs, size_t count, demo::Random* random,
                       float* w);

}  // namespace millrace::cnn
