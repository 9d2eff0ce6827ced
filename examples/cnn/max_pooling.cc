#include "examples/cnn/max_pooling.h"

#include <algorithm>
#include <array>

namespace millrace::cnn {

namespace {

// Calls use(square, pixel) for every output pixel of every sample: where its
// four input pixels begin, counted in values, and where it does itself.
template <typename Use>
void ForEachSquare(int samples, const Shape& input, const Shape& output,
                   Use use) {
  size_t pixel = 0;
  for (int s = 0; s < samples; ++s) {
    for (int i = 0; i < output.height; ++i) {
      for (int j = 0; j < output.width; ++j, pixel += output.channels) {
        const size_t row = size_t(input.width) * input.channels;
        const size_t first =
            size_t(s) * input.size() + 2 * i * row + 2 * j * input.channels;
        const size_t below = first + row;
        use(std::array<size_t, 4>{first, first + input.channels, below,
                                  below + input.channels},
            pixel);
      }
    }
  }
}

}  // namespace

void MaxPooling::Forward(const Pass& pass, const float* w, const float* x,
                         float* y) const {
  ForEachSquare(
      pass.samples, input_, output_,
      [&](const std::array<size_t, 4>& square, size_t pixel) {
        for (int c = 0; c < output_.channels; ++c) {
          const float top = std::max(x[square[0] + c], x[square[1] + c]);
          const float bottom = std::max(x[square[2] + c], x[square[3] + c]);
          y[pixel + c] = std::max(top, bottom);
        }
      });
}

void MaxPooling::Backward(const Pass& pass, const float* w, const float* x,
                          const float* y, const float* dy, float* dx,
                          float* dw) const {
  if (dx == nullptr) return;
  std::fill(dx, dx + size_t(pass.samples) * input_.size(), 0.0f);
  ForEachSquare(pass.samples, input_, output_,
                [&](const std::array<size_t, 4>& square, size_t pixel) {
                  for (int c = 0; c < output_.channels; ++c) {
                    float gradient = dy[pixel + c];
                    for (const size_t value : square) {
                      const bool largest = x[value + c] == y[pixel + c];
                      dx[value + c] = largest ? gradient : 0;
                      gradient = largest ? 0 : gradient;
                    }
                  }
                });
}

}  // namespace millrace::cnn
