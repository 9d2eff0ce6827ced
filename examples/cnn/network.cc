#include "examples/cnn/network.h"

#include <algorithm>
#include <utility>

#include "examples/cnn/convolution.h"
#include "examples/cnn/dropout.h"
#include "examples/cnn/fully_connected.h"
#include "examples/cnn/max_pooling.h"
#include "examples/cnn/relu.h"

namespace millrace::cnn {

void Network::Add(std::unique_ptr<Layer> layer) {
  begin_.push_back(weights_);
  weights_ += layer->weights();
  layers_.push_back(std::move(layer));
}

Shape Network::output() const {
  return layers_.empty() ? input_ : layers_.back()->output();
}

std::vector<float> Network::Initialize(uint64_t seed) const {
  std::vector<float> weights(weights_);
  for (size_t i = 0; i < layers_.size(); ++i) {
    demo::Random random(seed, i);
    layers_[i]->Initialize(&random, weights.data() + begin_[i]);
  }
  return weights;
}

absl::Span<const float> Network::Forward(const Pass& pass,
                                         absl::Span<const float> weights,
                                         absl::Span<const float> x,
                                         Memory* memory) const {
  memory->values.resize(layers_.size());
  for (size_t i = 0; i < layers_.size(); ++i) {
    std::vector<float>& y = memory->values[i];
    y.resize(size_t(pass.samples) * layers_[i]->output().size());
    layers_[i]->Forward(pass, weights.data() + begin_[i], x.data(), y.data());
    x = y;
  }
  return x;
}

void Network::Backward(const Pass& pass, absl::Span<const float> weights,
                       absl::Span<const float> x, Memory* memory,
                       std::vector<float>* gradient) const {
  for (size_t i = layers_.size(); i-- > 0;) {
    const Layer& layer = *layers_[i];
    const bool first = i == 0;
    memory->dx.resize(size_t(pass.samples) * layer.input().size());
    layer.Backward(pass, weights.data() + begin_[i],
                   first ? x.data() : memory->values[i - 1].data(),
                   memory->values[i].data(), memory->dy.data(),
                   first ? nullptr : memory->dx.data(),
                   gradient->data() + begin_[i]);
    std::swap(memory->dx, memory->dy);
  }
}

Network DigitNetwork(Shape input, int classes) {
  Network network(input);
  for (const int channels : {16, 32}) {
    network.Add(std::make_unique<Convolution>(network.output(), 3, channels));
    network.Add(std::make_unique<MaxPooling>(network.output()));
    network.Add(std::make_unique<Relu>(network.output()));
  }
  network.Add(std::make_unique<FullyConnected>(network.output(), 128));
  network.Add(std::make_unique<Relu>(network.output()));
  network.Add(std::make_unique<Dropout>(network.output(), 0.4f, 1));
  network.Add(std::make_unique<FullyConnected>(network.output(), classes));
  return network;
}

}  // namespace millrace::cnn
