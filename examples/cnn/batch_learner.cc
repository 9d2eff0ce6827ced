#include "examples/cnn/batch_learner.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "evaluation/accuracy.h"
#include "examples/cnn/softmax_cross_entropy.h"

namespace millrace::cnn {

namespace {

// The sums of floats depend on it, so it must not depend on the machine.
constexpr int kSliceSamples = 16;
// Weights whose gradients one task adds.
constexpr size_t kBlock = 16384;

int Slices(const digits::Samples& samples) {
  return static_cast<int>((samples.size() + kSliceSamples - 1) / kSliceSamples);
}

Pass PassOf(const digits::Samples& samples, int slice) {
  Pass pass;
  pass.first_sample = uint64_t(slice) * kSliceSamples;
  pass.samples = static_cast<int>(
      std::min<size_t>(kSliceSamples, samples.size() - pass.first_sample));
  return pass;
}

absl::Span<const float> PixelsOf(const digits::Samples& samples,
                                 const Pass& pass) {
  return absl::MakeConstSpan(samples.pixels)
      .subspan(pass.first_sample * samples.features,
               size_t(pass.samples) * samples.features);
}

}  // namespace

void ParallelFor(int count, int threads,
                 absl::FunctionRef<void(int index, int thread)> body) {
  std::atomic<int> next = 0;
  const auto work = [&](int thread) {
    for (int index; (index = next++) < count;) body(index, thread);
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < std::min(threads, count); ++thread) {
    others.emplace_back(work, thread);
  }
  work(0);
  for (std::thread& other : others) other.join();
}

BatchLearner::BatchLearner(const Network* network, int threads)
    : network_(*network), threads_(threads), memories_(threads) {}

absl::Span<const float> BatchLearner::Gradient(absl::Span<const float> weights,
                                               const digits::Samples& samples,
                                               uint64_t seed, uint64_t step,
                                               digits::Tally* tally) {
  const int slices = Slices(samples);
  if (gradients_.size() < size_t(slices)) gradients_.resize(slices);
  std::vector<digits::Tally> tallies(slices);
  ParallelFor(slices, threads_, [&](int slice, int thread) {
    Pass pass = PassOf(samples, slice);
    pass.learning = true;
    pass.seed = seed;
    pass.step = step;
    LearnSlice(weights, samples, pass, &memories_[thread], &gradients_[slice],
               &tallies[slice]);
  });
  AddSlices(slices);
  for (const digits::Tally& slice : tallies) {
    tally->loss += slice.loss;
    tally->right += slice.right;
    tally->samples += slice.samples;
  }
  return gradients_[0];
}

void BatchLearner::LearnSlice(absl::Span<const float> weights,
                              const digits::Samples& samples, const Pass& pass,
                              Network::Memory* memory,
                              std::vector<float>* gradient,
                              digits::Tally* tally) const {
  const absl::Span<const float> x = PixelsOf(samples, pass);
  const absl::Span<const float> scores =
      network_.Forward(pass, weights, x, memory);
  const int classes = network_.output().size();
  const auto truths = absl::MakeConstSpan(samples.labels)
                          .subspan(pass.first_sample, pass.samples);
  for (int s = 0; s < pass.samples; ++s) {
    tally->right += ArgMax(scores.subspan(s * classes, classes)) == truths[s];
  }
  tally->samples = pass.samples;
  memory->dy.resize(scores.size());
  tally->loss = SoftmaxCrossEntropy(scores, truths, classes,
                                    1 / static_cast<float>(samples.size()),
                                    memory->dy.data());
  gradient->assign(network_.weights(), 0);
  network_.Backward(pass, weights, x, memory, gradient);
}

void BatchLearner::AddSlices(int slices) {
  const size_t size = network_.weights();
  const int blocks = static_cast<int>((size + kBlock - 1) / kBlock);
  ParallelFor(blocks, threads_, [&](int block, int) {
    const size_t begin = block * kBlock;
    const size_t end = std::min(size, begin + kBlock);
    float* sum = gradients_[0].data();
    for (int slice = 1; slice < slices; ++slice) {
      const float* more = gradients_[slice].data();
      for (size_t i = begin; i < end; ++i) sum[i] += more[i];
    }
  });
}

std::vector<int> BatchLearner::Predict(absl::Span<const float> weights,
                                       const digits::Samples& samples) {
  std::vector<int> classes(samples.size());
  const int scores_each = network_.output().size();
  ParallelFor(Slices(samples), threads_, [&](int slice, int thread) {
    const Pass pass = PassOf(samples, slice);
    const absl::Span<const float> scores = network_.Forward(
        pass, weights, PixelsOf(samples, pass), &memories_[thread]);
    for (int s = 0; s < pass.samples; ++s) {
      classes[pass.first_sample + s] =
          ArgMax(scores.subspan(size_t(s) * scores_each, scores_each));
    }
  });
  return classes;
}

}  // namespace millrace::cnn
