// Layers one after the other, and what goes forward and backward through them.
//
// All weights are one vector, layer after layer, and so is their gradient: the
// optimizer, the checkpoint and the digest need not know the layers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "examples/cnn/layer.h"

namespace millrace::cnn {

class Network {
 public:
  // The values between the layers, and two gradients of that size. One for each
  // thread.
  struct Memory {
    std::vector<std::vector<float>> values;  // Of layer i: values[i].
    std::vector<float> dy;
    std::vector<float> dx;
  };

  explicit Network(Shape input) : input_(input) {}

  // Takes what the layers before it give; see output().
  void Add(std::unique_ptr<Layer> layer);

  Shape input() const { return input_; }
  Shape output() const;
  size_t weights() const { return weights_; }

  // Random weights to begin with; the same seed, the same weights.
  std::vector<float> Initialize(uint64_t seed) const;

  // The scores [samples, output] of x [samples, input]; in *memory.
  absl::Span<const float> Forward(const Pass& pass,
                                  absl::Span<const float> weights,
                                  absl::Span<const float> x,
                                  Memory* memory) const;

  // After Forward() of the same: memory->dy begins with the gradient of the
  // loss by the scores; adds that by the weights to *gradient.
  void Backward(const Pass& pass, absl::Span<const float> weights,
                absl::Span<const float> x, Memory* memory,
                std::vector<float>* gradient) const;

 private:
  const Shape input_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::vector<size_t> begin_;  // Of each layer's weights.
  size_t weights_ = 0;
};

// Two convolutions of 3 x 3 with 16 and 32 channels, each with pooling and
// ReLU; a hidden layer of 128 with dropout; a score a class. (Pooling before
// ReLU gives the same as after it, with a quarter of the work.) `input` is at
// least 4 x 4.
Network DigitNetwork(Shape input, int classes);

}  // namespace millrace::cnn
