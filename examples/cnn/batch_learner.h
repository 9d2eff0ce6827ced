// A batch through the network on several threads, with the same result to the
// bit on any number of them: the batch is cut into slices of always the same
// size, each slice sums up its own gradient, and these are added in the order
// of the slices.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "examples/cnn/network.h"
#include "examples/digits/report.h"
#include "examples/digits/samples.h"

namespace millrace::cnn {

// Calls body(index, thread) for each index below `count`, on up to `threads`
// threads, the caller's among them; thread < threads. Returns when all are
// done.
void ParallelFor(int count, int threads,
                 absl::FunctionRef<void(int index, int thread)> body);

// Keeps the memory of a batch for the next one. For one thread; uses more.
class BatchLearner {
 public:
  // `network` outlives this.
  BatchLearner(const Network* network, int threads);

  // The gradient of the mean loss of `samples`, which are at least one, at
  // these weights. Random choices follow from (seed, step). Adds what was seen
  // to *tally. Valid until the next call.
  absl::Span<const float> Gradient(absl::Span<const float> weights,
                                   const digits::Samples& samples,
                                   uint64_t seed, uint64_t step,
                                   digits::Tally* tally);

  // The class of the highest score for each sample.
  std::vector<int> Predict(absl::Span<const float> weights,
                           const digits::Samples& samples);

 private:
  void LearnSlice(absl::Span<const float> weights,
                  const digits::Samples& samples, const Pass& pass,
                  Network::Memory* memory, std::vector<float>* gradient,
                  digits::Tally* tally) const;
  void AddSlices(int slices);

  const Network& network_;
  const int threads_;
  std::vector<Network::Memory> memories_;      // One a thread.
  std::vector<std::vector<float>> gradients_;  // One a slice.
};

}  // namespace millrace::cnn
