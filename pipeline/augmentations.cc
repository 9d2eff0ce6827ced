#include "pipeline/augmentations.h"

#include "image/adjust.h"
#include "pipeline/portable_math.h"
#include "pipeline/warp_ops.h"

namespace millrace {

namespace {

void Warp(const ProjectiveMap& to_input, const AugmentationStyle& style,
          SampleProgram* program) {
  program->Warp(program->size(), {to_input, style.interpolation, style.fill});
}

void Rotate(double degrees, const AugmentationStyle& style,
            SampleProgram* program) {
  ImageSize size = program->size();
  const Point center = {size.width * 0.5, size.height * 0.5};
  Warp(RotationToInput(degrees, center, false, &size), style, program);
}

// Around 1.
void Adjust(void (*adjust)(double factor, const ImageSpan& image),
            double magnitude, SampleProgram* program) {
  program->ChangePixels(
      [adjust, factor = 1 + magnitude](const ImageSpan& image, Image*) {
        adjust(factor, image);
      });
}

void Change(void (*change)(const ImageSpan& image), SampleProgram* program) {
  program->ChangePixels(
      [change](const ImageSpan& image, Image*) { change(image); });
}

}  // namespace

bool HasMagnitude(Augmentation augmentation) {
  switch (augmentation) {
    case Augmentation::kIdentity:
    case Augmentation::kAutoContrast:
    case Augmentation::kEqualize:
    case Augmentation::kInvert:
      return false;
    default:
      return true;
  }
}

bool IsSigned(Augmentation augmentation) {
  return HasMagnitude(augmentation) &&
         augmentation != Augmentation::kPosterize &&
         augmentation != Augmentation::kSolarize;
}

double MagnitudeOf(Augmentation augmentation, const AugmentationLimits& limits,
                   int bin, int bins, const ImageSize& size) {
  const double last = bins - 1;
  const auto part_of = [&](double most) { return most * bin / last; };
  const auto translation = [&](int side) {
    return part_of(limits.translate_share * side + limits.translate_pixels);
  };
  switch (augmentation) {
    case Augmentation::kShearX:
    case Augmentation::kShearY:
      return part_of(limits.shear);
    case Augmentation::kTranslateX:
      return translation(size.width);
    case Augmentation::kTranslateY:
      return translation(size.height);
    case Augmentation::kRotate:
      return part_of(limits.rotate);
    case Augmentation::kBrightness:
    case Augmentation::kColor:
    case Augmentation::kContrast:
    case Augmentation::kSharpness:
      return part_of(limits.factor);
    case Augmentation::kPosterize:
      return 8 - RoundHalfEven(part_of(limits.posterized_bits));
    case Augmentation::kSolarize:
      return 255 - part_of(255);
    case Augmentation::kIdentity:
    case Augmentation::kAutoContrast:
    case Augmentation::kEqualize:
    case Augmentation::kInvert:
      break;
  }
  return 0;
}

void Augment(Augmentation augmentation, double magnitude,
             const AugmentationStyle& style, SampleProgram* program) {
  // Whole pixels, towards none.
  const auto shift = static_cast<double>(static_cast<int>(magnitude));
  switch (augmentation) {
    case Augmentation::kIdentity:
      return;
    case Augmentation::kShearX:
      return Warp({.b = magnitude}, style, program);
    case Augmentation::kShearY:
      return Warp({.d = magnitude}, style, program);
    case Augmentation::kTranslateX:
      return Warp({.c = -shift}, style, program);
    case Augmentation::kTranslateY:
      return Warp({.f = -shift}, style, program);
    case Augmentation::kRotate:
      return Rotate(magnitude, style, program);
    case Augmentation::kBrightness:
      return Adjust(AdjustBrightness, magnitude, program);
    case Augmentation::kColor:
      return Adjust(AdjustSaturation, magnitude, program);
    case Augmentation::kContrast:
      return Adjust(AdjustContrast, magnitude, program);
    case Augmentation::kSharpness:
      return program->ChangePixels(
          [factor = 1 + magnitude](const ImageSpan& image, Image* spare) {
            AdjustSharpness(factor, image, spare);
          });
    case Augmentation::kPosterize:
      return program->ChangePixels(
          [bits = static_cast<int>(magnitude)](const ImageSpan& image, Image*) {
            Posterize(bits, image);
          });
    case Augmentation::kSolarize:
      return program->ChangePixels([magnitude](const ImageSpan& image, Image*) {
        Solarize(magnitude, image);
      });
    case Augmentation::kAutoContrast:
      return Change(AutoContrast, program);
    case Augmentation::kEqualize:
      return Change(Equalize, program);
    case Augmentation::kInvert:
      return Change(Invert, program);
  }
}

}  // namespace millrace
