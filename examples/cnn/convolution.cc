#include "examples/cnn/convolution.h"

#include <algorithm>
#include <vector>

#include "examples/cnn/matrix_product.h"

namespace millrace::cnn {

namespace {

// One row of a kernel over one row of the image: which of its columns lie on
// the image.
struct Overlap {
  int begin = 0;
  int end = 0;
};

Overlap Columns(int left, int side, int width) {
  return {std::max(0, -left), std::min(side, width - left)};
}

}  // namespace

Convolution::Convolution(Shape input, int side, int channels)
    : input_(input),
      output_{input.height, input.width, channels},
      side_(side),
      patch_(size_t(side) * side * input.channels) {}

void Convolution::Initialize(demo::Random* random, float* w) const {
  const size_t kernels = patch_ * output_.channels;
  InitializeForRelu(static_cast<int>(patch_), kernels, random, w);
  std::fill(w + kernels, w + weights(), 0.0f);
}

void Convolution::GatherPatches(const float* x, float* patches) const {
  const int radius = side_ / 2;
  const int channels = input_.channels;
  std::fill(patches, patches + pixels() * patch_, 0.0f);
  for (int i = 0; i < input_.height; ++i) {
    for (int j = 0; j < input_.width; ++j, patches += patch_) {
      const Overlap columns = Columns(j - radius, side_, input_.width);
      for (int u = 0; u < side_; ++u) {
        const int row = i + u - radius;
        if (row < 0 || row >= input_.height) continue;
        const float* from =
            x + (row * input_.width + j - radius + columns.begin) * channels;
        std::copy(from, from + (columns.end - columns.begin) * channels,
                  patches + (u * side_ + columns.begin) * channels);
      }
    }
  }
}

void Convolution::ScatterPatches(const float* patches, float* x) const {
  const int radius = side_ / 2;
  const int channels = input_.channels;
  for (int i = 0; i < input_.height; ++i) {
    for (int j = 0; j < input_.width; ++j, patches += patch_) {
      const Overlap columns = Columns(j - radius, side_, input_.width);
      for (int u = 0; u < side_; ++u) {
        const int row = i + u - radius;
        if (row < 0 || row >= input_.height) continue;
        float* to =
            x + (row * input_.width + j - radius + columns.begin) * channels;
        const float* from = patches + (u * side_ + columns.begin) * channels;
        const int count = (columns.end - columns.begin) * channels;
        for (int v = 0; v < count; ++v) to[v] += from[v];
      }
    }
  }
}

void Convolution::Forward(const Pass& pass, const float* w, const float* x,
                          float* y) const {
  const size_t channels = output_.channels;
  const float* bias = w + patch_ * channels;
  std::vector<float> patches(pixels() * patch_);
  for (int s = 0; s < pass.samples; ++s) {
    GatherPatches(x, patches.data());
    for (size_t pixel = 0; pixel < pixels(); ++pixel) {
      std::copy(bias, bias + channels, y + pixel * channels);
    }
    AddProduct(pixels(), channels, patch_, {patches.data(), patch_, 1}, w, y);
    x += input_.size();
    y += output_.size();
  }
}

void Convolution::Backward(const Pass& pass, const float* w, const float* x,
                           const float* y, const float* dy, float* dx,
                           float* dw) const {
  const size_t channels = output_.channels;
  float* dbias = dw + patch_ * channels;
  const std::vector<float> transpose = Transpose(w, patch_, channels);
  std::vector<float> patches(pixels() * patch_);
  for (int s = 0; s < pass.samples; ++s) {
    GatherPatches(x, patches.data());
    AddProduct(patch_, channels, pixels(), {patches.data(), 1, patch_}, dy, dw);
    for (size_t pixel = 0; pixel < pixels(); ++pixel) {
      for (size_t c = 0; c < channels; ++c) {
        dbias[c] += dy[pixel * channels + c];
      }
    }
    if (dx != nullptr) {
      std::fill(patches.begin(), patches.end(), 0.0f);
      AddProduct(pixels(), patch_, channels, {dy, channels, 1},
                 transpose.data(), patches.data());
      std::fill(dx, dx + input_.size(), 0.0f);
      ScatterPatches(patches.data(), dx);
      dx += input_.size();
    }
    x += input_.size();
    dy += output_.size();
  }
}

}  // namespace millrace::cnn
