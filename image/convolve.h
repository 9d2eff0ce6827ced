// Separable filters, such as a Gaussian blur.
#pragma once

#include <vector>

#include "image/image.h"
#include "image/resample.h"

namespace millrace {

// Weights along rows and along columns; an odd number of each, whose sum is 1.
struct SeparableKernel {
  std::vector<double> columns;
  std::vector<double> rows;
};

// The image beyond its edges is its mirror image, without the outermost pixels
// (torchvision's padding_mode "reflect"; where the kernel is larger than the
// image, mirrored again). Each of the two passes is rounded to 8 bits, so that
// a value is within 1 of the exact sum. `*out` must not be the source.
void Convolve(const ImageView& source, const SeparableKernel& kernel,
              ResizeScratch* scratch, Image* out);

}  // namespace millrace
