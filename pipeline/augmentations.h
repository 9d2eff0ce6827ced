// The changes that RandAugment, TrivialAugment and AutoAugment choose from, and
// how strong they may be. torchvision's names and tables.
#pragma once

#include <array>
#include <cstdint>

#include "image/resample_taps.h"
#include "pipeline/sample_program.h"
#include "pipeline/shapes.h"

namespace millrace {

enum class Augmentation {
  kIdentity,
  kShearX,
  kShearY,
  kTranslateX,
  kTranslateY,
  kRotate,
  kBrightness,
  kColor,
  kContrast,
  kSharpness,
  kPosterize,
  kSolarize,
  kAutoContrast,
  kEqualize,
  kInvert,
};

// What RandAugment and TrivialAugment choose from: all but kInvert.
inline constexpr int kRandomAugmentations = 14;

// Magnitudes go from nothing to these in equal steps, "bins".
struct AugmentationLimits {
  double shear = 0;            // Pixels a row or column.
  double translate_share = 0;  // Of the side of the image, or
  double translate_pixels = 0;
  double rotate = 0;  // Degrees.
  double factor = 0;  // Of brightness, colour, contrast, sharpness: beside 1.
  int posterized_bits = 0;
};

// RandAugment's and AutoAugment's, and TrivialAugmentWide's.
inline constexpr AugmentationLimits kAugmentationLimits = {
    .shear = 0.3,
    .translate_share = 150.0 / 331.0,
    .rotate = 30,
    .factor = 0.9,
    .posterized_bits = 4};
inline constexpr AugmentationLimits kWideAugmentationLimits = {
    .shear = 0.99,
    .translate_pixels = 32,
    .rotate = 135,
    .factor = 0.99,
    .posterized_bits = 6};

// False for those that are always the same.
bool HasMagnitude(Augmentation augmentation);
// True if the magnitude may be negative too.
bool IsSigned(Augmentation augmentation);

// Of bin 0 to bins - 1, for an image of a size; bins at least 2. As
// torchvision's _augmentation_space: for kPosterize the bits that stay, for
// kSolarize the threshold. 0 if it has none.
double MagnitudeOf(Augmentation augmentation, const AugmentationLimits& limits,
                   int bin, int bins, const ImageSize& size);

// How the changes that move pixels do it.
struct AugmentationStyle {
  Interpolation interpolation = Interpolation::kNearest;
  std::array<uint8_t, 3> fill = {0, 0, 0};
};

void Augment(Augmentation augmentation, double magnitude,
             const AugmentationStyle& style, SampleProgram* program);

}  // namespace millrace
