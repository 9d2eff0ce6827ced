// Separable filters, such as a Gaussian blur.
#pragma once

#include <vector>

#include "image/image.h"

namespace millrace {

// Weights along rows and along columns; an odd number of each, whose sum is 1.
struct SeparableKernel {
  std::vector<double> columns;
  std::vector<double> rows;
};

// In place, of an image in rows without padding. Beyond its edges comes its
// mirror image, without the outermost pixels (torchvision's padding_mode
// "reflect"; where the kernel is larger than the image, mirrored again). Each
// of the two passes is rounded to 8 bits, so that a value is within 1 of the
// exact sum. `*spare` is memory to work in.
void Convolve(const SeparableKernel& kernel, const ImageSpan& image,
              Image* spare);

}  // namespace millrace
