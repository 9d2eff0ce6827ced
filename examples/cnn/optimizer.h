// From a gradient to the next weights. Three well-known ways; g is the gradient
// of the batch's mean loss, r the learning rate, w the weights, and every line
// is meant element by element:
//
//   sgd      v = 0.9 v + g;  w -= r v
//            Polyak, "Some methods of speeding up the convergence of iteration
//            methods" (1964), as Sutskever et al. (2013) and torch use it.
//   rmsprop  s = 0.9 s + 0.1 g^2;  w -= r g / (sqrt(s) + 1e-8)
//            Tieleman, Hinton, "Neural networks for machine learning", lecture
//            6.5 (2012).
//   adam     m = 0.9 m + 0.1 g;  s = 0.999 s + 0.001 g^2
//            w -= r (m / (1 - 0.9^t)) / (sqrt(s / (1 - 0.999^t)) + 1e-8),
//            with t = 1 at the first step.
//            Kingma, Ba, "Adam: a method for stochastic optimization" (2015),
//            algorithm 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace millrace::cnn {

class Optimizer {
 public:
  // "adam", "rmsprop" or "sgd"; INVALID_ARGUMENT otherwise.
  static absl::StatusOr<std::unique_ptr<Optimizer>> Create(
      const std::string& name, size_t weights);

  virtual ~Optimizer() = default;

  // A rate that suits digits, in batches of about a hundred.
  virtual float default_rate() const = 0;

  void Step(absl::Span<const float> gradient, float rate,
            absl::Span<float> weights);

  // What it remembers from step to step, for a checkpoint. Restore() is
  // INVALID_ARGUMENT if `memory` is not of this size.
  uint64_t steps() const { return steps_; }
  const std::vector<float>& memory() const { return memory_; }
  absl::Status Restore(uint64_t steps, std::vector<float> memory);

 protected:
  // It remembers so many values for each weight.
  Optimizer(size_t weights, int values) : memory_(weights * values) {}

 private:
  // The `t`-th step, from 1; *memory is [values, weights].
  virtual void Update(uint64_t t, absl::Span<const float> gradient, float rate,
                      absl::Span<float> memory, absl::Span<float> weights) = 0;

  uint64_t steps_ = 0;
  std::vector<float> memory_;
};

}  // namespace millrace::cnn
