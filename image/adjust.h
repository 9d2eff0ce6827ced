// Changes of colour, in place: torchvision's functions on PIL images, and so
// Pillow's arithmetic, equal to the bit. Gray and RGB images of any size, in
// rows without padding.
//
// A factor below 1 takes away, 1 changes nothing, above 1 adds; it must be
// finite and at least 0. Gray images have no saturation and no hue to change.
#pragma once

#include <cstdint>

#include "image/image.h"

namespace millrace {

void AdjustBrightness(double factor, const ImageSpan& image);
// Against the mean luma of the whole image.
void AdjustContrast(double factor, const ImageSpan& image);
void AdjustSaturation(double factor, const ImageSpan& image);
// Turns of the colour wheel, -0.5 to 0.5.
void AdjustHue(double turns, const ImageSpan& image);
// RGB stays RGB, with equal channels.
void ToGrayscale(const ImageSpan& image);

// Inverts the values that are not below `threshold`.
void Solarize(double threshold, const ImageSpan& image);
// Keeps the upper `bits`, 0 to 8, of each value.
void Posterize(int bits, const ImageSpan& image);
void Invert(const ImageSpan& image);

// Each channel alone: stretches it to 0..255, or flattens its histogram.
void AutoContrast(const ImageSpan& image);
void Equalize(const ImageSpan& image);

// Against a smoothed image; the outermost pixels stay. `*spare` takes the old
// pixels.
void AdjustSharpness(double factor, const ImageSpan& image, Image* spare);

}  // namespace millrace
