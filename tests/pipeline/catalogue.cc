#include "tests/pipeline/catalogue.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "tests/pipeline/drawn_dataset.h"

namespace millrace {

namespace {

// Plans around the transforms of an entry.
constexpr char kPixels[] =
    "batch { size: 8 remainder: PAD } "
    "transforms { resize { size: [26, 34] } } transforms { $0 }";
constexpr char kObjects[] =
    "batch { size: 8 remainder: PAD boxes: true masks: true keypoints: true } "
    "transforms { resize { size: [26, 34] } } transforms { $0 }";
constexpr char kMoving[] =
    "batch { size: 8 remainder: PAD boxes: true masks: true keypoints: true } "
    "transforms { $0 } transforms { letter_box { size: [40, 48] } }";

constexpr CatalogueEntry kEntries[] = {
    {"ColorJitter", kPixels,
     "color_jitter { brightness: 0.4 contrast: 0.4 saturation: 0.4 hue: 0.1 }",
     "fec1356ced2ac74f"},
    {"Grayscale", kPixels, "grayscale {}", "f1f972b189d47c35"},
    {"RandomGrayscale", kPixels, "random_grayscale { p: 0.5 }",
     "a7c2de81b2ad4746"},
    {"GaussianBlur", kPixels, "gaussian_blur { kernel_size: [5, 9] }",
     "374acab1f2f6f08a"},
    {"RandomInvert", kPixels, "random_invert {}", "f175b6b918dbe383"},
    {"RandomPosterize", kPixels, "random_posterize { bits: 3 }",
     "a6856132a4d6051e"},
    {"RandomSolarize", kPixels, "random_solarize { threshold: 128 }",
     "529f3c72d51bf4db"},
    {"RandomAutocontrast", kPixels, "random_autocontrast {}",
     "087829197e9127ae"},
    {"RandomEqualize", kPixels, "random_equalize {}", "6703d9e330dc33ad"},
    {"RandomAdjustSharpness", kPixels,
     "random_adjust_sharpness { sharpness_factor: 2 }", "a9cf602d999a9f93"},
    {"RandomErasing", kPixels, "random_erasing { random: true }",
     "a026660a3b7cf7f4"},
    {"RandAugment", kPixels, "rand_augment {}", "4eb19619adc1c516"},
    {"RandAugmentBilinear", kPixels,
     "rand_augment { num_ops: 4 magnitude: 20 interpolation: BILINEAR "
     "fill: [9, 99, 200] }",
     "85af67ed5c842376"},
    {"TrivialAugmentWide", kPixels, "trivial_augment_wide {}",
     "a9181c305d140ecb"},
    {"AutoAugment", kPixels, "auto_augment {}", "b9ac8c87d277aa87"},
    {"AutoAugmentSvhn", kPixels, "auto_augment { policy: SVHN }",
     "c642236504836d33"},
    {"Normalize", kPixels,
     "to_dtype { dtype: FLOAT32 scale: true } } transforms { normalize { mean: "
     "[0.485, 0.456, 0.406] std: [0.229, 0.224, 0.225] }",
     "590cc1e38c31b9b3"},
    {"OneHot", kPixels, "one_hot {}", "55e5c739e3fd5936"},
    {"Float16", kPixels, "to_dtype { dtype: FLOAT16 scale: true }",
     "0512dc3b6766ccdc"},
    {"Bfloat16", kPixels, "to_dtype { dtype: BFLOAT16 scale: true }",
     "f5ec022fa65186d5"},
    {"LabelSmoothing", kPixels, "one_hot {} } transforms { label_smoothing {}",
     "3b11d79277ecf629"},
    {"MixUp", kPixels, "one_hot {} } transforms { mix_up { alpha: 0.2 }",
     "7cee1dd6f4d5c78f"},
    {"MixUpOfFloat16", kPixels,
     "to_dtype { dtype: FLOAT16 scale: true } } "
     "transforms { one_hot {} } transforms { mix_up {}",
     "3d8de39a41a59f08"},
    {"CutMix", kPixels, "one_hot {} } transforms { cut_mix {}",
     "94137f42268d75bb"},
    {"Mosaic", kObjects, "mosaic { group: 2 }", "2e2abde3ae3a095d"},
    {"CopyPaste", kObjects, "copy_paste {}", "c2dab0c5a1c2823e"},
    {"Resize", kMoving, "resize { size: 33 interpolation: NEAREST }",
     "6afccd1e4bd953cb"},
    {"ResizeBicubic", kMoving,
     "resize { size: [33, 57] interpolation: BICUBIC }", "cdfb890f7f3d6b44"},
    {"RandomResizedCropBilinear", kMoving, "random_resized_crop { size: 28 }",
     "693f27e526c81a06"},
    {"RandomRotationBicubic", kMoving,
     "random_rotation { degrees: 30 interpolation: BICUBIC }",
     "aba9587289cc80ea"},
    {"RandomAffineBilinear", kMoving,
     "random_affine { degrees: 20 shear: 10 interpolation: BILINEAR }",
     "fc10d04145a098df"},
    {"RandomPerspectiveBilinear", kMoving, "random_perspective { p: 1 }",
     "b3833913a5b8c1f0"},
    {"CenterCrop", kMoving, "center_crop { size: [20, 50] }",
     "4be5774b020fe898"},
    {"RandomCrop", kMoving,
     "random_crop { size: [24, 20] padding: [4, 2] pad_if_needed: true "
     "fill: [1, 2, 3] }",
     "e7de57a5238c6cbf"},
    {"RandomCropReflect", kMoving,
     "random_crop { size: 32 padding: 3 pad_if_needed: true "
     "padding_mode: REFLECT }",
     "e79f4cb0b92e2734"},
    {"RandomResizedCrop", kMoving,
     "random_resized_crop { size: 28 interpolation: NEAREST }",
     "b31658bd25decfbf"},
    {"HorizontalFlip", kMoving, "random_horizontal_flip { p: 1 }",
     "8527b27c8d86e134"},
    {"VerticalFlip", kMoving, "random_vertical_flip {}", "318c9ba227fdc437"},
    {"Pad", kMoving,
     "pad { padding: [3, 0, 5, 1] fill: [9, 8, 7] } } transforms { pad { "
     "padding: 2 padding_mode: SYMMETRIC }",
     "a484698eb13e9063"},
    {"LetterBox", kMoving,
     "letter_box { size: [40, 31] interpolation: NEAREST }",
     "4b53746bfa1d022c"},
    {"ScaleJitter", kMoving,
     "scale_jitter { target_size: 40 interpolation: NEAREST }",
     "6ab3674e82c11c7f"},
    {"RandomShortestSize", kMoving,
     "random_shortest_size { min_size: [20, 30, 41] max_size: 60 "
     "interpolation: NEAREST }",
     "59d06e43f5a7b9c2"},
    {"RandomRotation", kMoving, "random_rotation { degrees: 180 }",
     "aecc04a52cc51560"},
    {"RandomRotationExpand", kMoving,
     "random_rotation { degrees: [20, 70] expand: true }", "0e2e723041e2f2ca"},
    {"RandomAffine", kMoving,
     "random_affine { degrees: 25 translate: [0.1, 0.2] scale: [0.7, "
     "1.4] shear: [-15, 15, -10, 10] fill: 77 }",
     "072c693cfaf2b963"},
    {"RandomPerspective", kMoving,
     "random_perspective { p: 1 interpolation: NEAREST }", "3012bb1f2e5f2457"},
    {"RandomPerspectiveStrong", kMoving,
     "random_perspective { p: 1 distortion_scale: 1 interpolation: "
     "NEAREST }",
     "d16f42cc4c219c31"},
    {"RandomIouCrop", kMoving, "random_iou_crop {}", "802c7d8dfe31c431"},
    {"RandomZoomOut", kMoving, "random_zoom_out { p: 1 fill: [200, 100, 0] }",
     "52a59000502f5bc3"},
    {"SanitizeBoundingBoxes", kMoving,
     "sanitize_bounding_boxes { min_size: 9 }", "c36c8f2f740158a8"},
    {"Many", kMoving,
     "random_zoom_out { side_range: [1, 2] } } transforms { "
     "random_iou_crop {} } transforms { random_affine { degrees: 10 } } "
     "transforms { random_vertical_flip {} } transforms { "
     "random_perspective { interpolation: NEAREST } } transforms { "
     "sanitize_bounding_boxes {} } transforms { random_horizontal_flip "
     "{} } transforms { letter_box { size: 48 interpolation: NEAREST }",
     "6eb842d1b2afc310"},
};

}  // namespace

v1::Plan CatalogueEntry::Plan() const {
  return ParsePlan(absl::StrCat(
      "dataset: 'drawn/scenes' seed: 7 sampler { order: SHUFFLE } ",
      absl::Substitute(plan, transforms)));
}

void PrintTo(const CatalogueEntry& entry, std::ostream* out) {
  *out << entry.name;
}

const std::vector<CatalogueEntry>& Catalogue() {
  static const auto* entries =
      new std::vector<CatalogueEntry>(std::begin(kEntries), std::end(kEntries));
  return *entries;
}

}  // namespace millrace
