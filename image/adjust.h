// Changes of colour, in place: torchvision's functions on PIL images, and so
// Pillow's arithmetic, equal to the bit. Gray and RGB images of any size.
//
// A factor below 1 takes away, 1 changes nothing, above 1 adds; it must be
// finite and at least 0. Gray images have no saturation and no hue to change.
#pragma once

#include <cstdint>

#include "image/image.h"

namespace millrace {

void AdjustBrightness(double factor, Image* image);
// Against the mean luma of the whole image.
void AdjustContrast(double factor, Image* image);
void AdjustSaturation(double factor, Image* image);
// Turns of the colour wheel, -0.5 to 0.5.
void AdjustHue(double turns, Image* image);
// RGB stays RGB, with equal channels.
void ToGrayscale(Image* image);

// Inverts the values that are not below `threshold`.
void Solarize(double threshold, Image* image);
// Keeps the upper `bits`, 0 to 8, of each value.
void Posterize(int bits, Image* image);
void Invert(Image* image);

// Each channel alone: stretches it to 0..255, or flattens its histogram.
void AutoContrast(Image* image);
void Equalize(Image* image);

// Against a smoothed image; the outermost pixels stay. `*scratch` takes the
// old pixels.
void AdjustSharpness(double factor, Image* image, Image* scratch);

}  // namespace millrace
