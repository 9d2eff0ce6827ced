// Each rule of a plan, broken: the message must name the place and the remedy.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "pipeline/plan_compiler.h"
#include "tests/pipeline/drawn_dataset.h"

namespace millrace {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct Mistake {
  const char* plan;
  // In the message: where, and what would be right.
  const char* where;
  const char* remedy;
};

void PrintTo(const Mistake& mistake, std::ostream* out) {
  *out << mistake.plan;
}

// Complete but for what a mistake adds; the last value of a field counts.
constexpr char kScenes[] = "dataset: 'drawn/scenes' batch { size: 2 } ";
constexpr char kFixedSize[] = "transforms { resize { size: [32, 32] } } ";

absl::Status CompileStatus(const std::string& plan, PlanLimits limits = {}) {
  static const auto* scenes =
      new std::shared_ptr<const SampleStore>(DrawnScenes(6));
  return CompiledPlan::Compile(ParsePlan(plan), *scenes, limits).status();
}

class PlanRulesTest : public testing::TestWithParam<Mistake> {};

TEST_P(PlanRulesTest, AMistakeIsNamedWithItsRemedy) {
  const absl::Status status =
      CompileStatus(absl::StrCat(kScenes, GetParam().plan));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(GetParam().where), HasSubstr(GetParam().remedy)));
}

INSTANTIATE_TEST_SUITE_P(
    Plan, PlanRulesTest,
    testing::Values(
        Mistake{"dataset: ''", "dataset: is empty", "drawn/scenes"},
        Mistake{"dataset: 'drawn/digits'", "drawn/digits", "drawn/scenes@"},
        Mistake{"dataset: 'drawn/scenes@0123456789'", "dataset:", "@"},
        Mistake{"batch { size: 0 }", "batch.size: 0", "1 to 65536"},
        Mistake{"batch { size: 65537 }", "batch.size: 65537", "1 to 65536"},
        Mistake{"batch { layout: 9 }", "batch.layout: 9", "NHWC, NCHW"},
        Mistake{"batch { remainder: 9 }", "batch.remainder", "DROP, PAD"},
        Mistake{"batch { channels: 9 }", "batch.channels", "GRAY"},
        Mistake{"batch { corrupt: 9 }", "batch.corrupt", "FAIL, MASK"},
        Mistake{"sampler { order: 9 }", "sampler.order", "SHUFFLE"},
        Mistake{"batch { masks: true }", "batch.masks", "batch.boxes"},
        Mistake{"batch { keypoints: true }", "batch.keypoints", "batch.boxes"},
        Mistake{"batch { max_boxes: 3 }", "batch.max_boxes", "batch.boxes"},
        Mistake{"batch { box_format: XYWH }", "batch.box_format",
                "batch.boxes"},
        Mistake{"batch { boxes: true box_format: 9 }", "batch.box_format: 9",
                "XYXY, XYWH, CXCYWH"},
        Mistake{"batch { boxes: true max_boxes: 10001 }",
                "batch.max_boxes: 10001", "1 to 10000"},
        Mistake{"batch { mask_format: RUN_LENGTHS }", "batch.mask_format",
                "batch.masks"}));

INSTANTIATE_TEST_SUITE_P(
    ScaledDecode, PlanRulesTest,
    testing::Values(
        Mistake{"batch { scaled_decode: true } "
                "transforms { center_crop { size: 32 } }",
                "batch.scaled_decode: no transform resizes",
                "random_resized_crop"},
        Mistake{"batch { scaled_decode: true } transforms { "
                "resize { size: [32, 32] interpolation: NEAREST } }",
                "transforms[0] resize picks single pixels", "BICUBIC"},
        Mistake{"batch { scaled_decode: true } "
                "transforms { center_crop { size: 32 } } "
                "transforms { random_horizontal_flip {} } "
                "transforms { resize { size: [32, 32] } }",
                "transforms[1] random_horizontal_flip", "put a resize before"},
        Mistake{"batch { scaled_decode: true } "
                "transforms { color_jitter { hue: 0.1 } } "
                "transforms { random_resized_crop { size: 32 } }",
                "transforms[0] color_jitter", "leave it out"}));

INSTANTIATE_TEST_SUITE_P(
    Sizes, PlanRulesTest,
    testing::Values(
        Mistake{"transforms {}", "transforms[0]", "set one of"},
        Mistake{"transforms { resize {} }", "transforms[0] resize: size has 0",
                "height and width"},
        Mistake{"transforms { resize { size: [1, 2, 3] } }", "has 3 values",
                "height and width"},
        Mistake{"transforms { resize { size: 0 } }", "size 0", "1 to 8192"},
        Mistake{"transforms { center_crop { size: 9000 } }",
                "center_crop: size 9000", "1 to 8192"},
        Mistake{"transforms { random_resized_crop { size: [5, 0] } }",
                "random_resized_crop: size 0", "1 to 8192"},
        Mistake{"transforms { resize { size: 64 interpolation: 7 } }",
                "interpolation 7", "BICUBIC"},
        Mistake{"transforms { resize { size: [64, 64] max_size: 70 } }",
                "max_size", "leave it out"},
        Mistake{"transforms { resize { size: 64 max_size: 64 } }",
                "max_size 64", "above size"},
        Mistake{"transforms { resize { size: 64 } }", "differ in size",
                "center_crop"},
        Mistake{"", "differ in size", "resize with two values"}));

INSTANTIATE_TEST_SUITE_P(
    Random, PlanRulesTest,
    testing::Values(
        Mistake{"transforms { random_resized_crop { size: 8 scale: 1 } }",
                "scale [1]", "lower <= upper"},
        Mistake{
            "transforms { random_resized_crop { size: 8 scale: [1, 0.5] } }",
            "scale [1, 0.5]", "lower <= upper"},
        Mistake{"transforms { random_resized_crop { size: 8 scale: [-1, 1] } }",
                "scale [-1, 1]", "0 <= lower"},
        Mistake{
            "transforms { random_resized_crop { size: 8 scale: [0.1, 2] } }",
            "scale [0.1, 2]", "upper <= 1"},
        Mistake{"transforms { random_resized_crop { size: 8 scale: [0, 0] } }",
                "scale [0, 0]", "upper above 0"},
        Mistake{"transforms { random_resized_crop {size: 8 scale: [nan, 1]} }",
                "scale [nan, 1]", "upper above 0"},
        Mistake{"transforms { random_resized_crop { size: 8 ratio: [2, 1] } }",
                "ratio [2, 1]", "width / height"},
        Mistake{"transforms { random_resized_crop { size: 8 ratio: [0, 1] } }",
                "ratio [0, 1]", "0.001 <= lower"},
        Mistake{"transforms { random_resized_crop {size: 8 ratio: [1, inf]} }",
                "ratio [1, inf]", "upper <= 1000"},
        Mistake{"transforms { random_horizontal_flip { p: 1.5 } }", "p 1.5",
                "0 to 1"},
        Mistake{"transforms { random_horizontal_flip { p: -0.1 } }", "p -0.1",
                "0 to 1"},
        Mistake{"transforms { random_horizontal_flip { p: nan } }", "p nan",
                "0 to 1"},
        Mistake{"transforms { random_vertical_flip { p: 2 } }",
                "random_vertical_flip: p 2", "0 to 1"}));

INSTANTIATE_TEST_SUITE_P(
    Paddings, PlanRulesTest,
    testing::Values(
        Mistake{"transforms { pad {} }", "transforms[0] pad: padding is empty",
                "one, two or four"},
        Mistake{"transforms { pad { padding: [1, 2, 3] } }", "has 3 values",
                "left, top, right, bottom"},
        Mistake{"transforms { pad { padding: 8193 } }", "padding 8193",
                "0 to 8192"},
        Mistake{"transforms { pad { padding: 1 fill: 256 } }", "fill 256",
                "0 to 255"},
        Mistake{"transforms { pad { padding: 1 fill: [1, 2] } }",
                "fill has 2 values", "each channel, 3"},
        Mistake{"transforms { pad { padding: 1 padding_mode: 9 } }",
                "padding_mode 9", "SYMMETRIC"},
        Mistake{"transforms { random_crop {} }", "random_crop: size has 0",
                "height and width"},
        Mistake{"transforms { random_crop { size: 8 padding: [1, 2, 3] } }",
                "padding has 3", "left and right"},
        Mistake{"transforms { letter_box { size: 0 } }", "letter_box: size 0",
                "1 to 8192"},
        Mistake{"transforms { random_zoom_out { side_range: [0.5, 1] } }",
                "side_range [0.5, 1]", "1 <= lower"},
        Mistake{"transforms { random_zoom_out { p: 2 } }", "p 2", "0 to 1"},
        Mistake{"transforms { pad { padding: 1 } }", "differ in size",
                "letter_box"}));

INSTANTIATE_TEST_SUITE_P(
    Warps, PlanRulesTest,
    testing::Values(
        Mistake{"transforms { random_rotation {} }", "degrees []",
                "one angle of 0 or more"},
        Mistake{"transforms { random_rotation { degrees: -1 } }",
                "degrees [-1] is no range", "ascending"},
        Mistake{"transforms { random_rotation { degrees: nan } }",
                "degrees [nan]", "-3600 to 3600"},
        Mistake{"transforms { random_rotation { degrees: 1 center: 3 } }",
                "center [3]", "x and y"},
        Mistake{"transforms { random_rotation { degrees: 1 center: [1, 2] "
                "expand: true } }",
                "center", "leave one out"},
        Mistake{"transforms { random_affine { degrees: 1 translate: 0.1 } }",
                "translate [0.1]", "0 to 1"},
        Mistake{"transforms { random_affine { degrees: 1 scale: [0, 1] } }",
                "scale [0, 1]", "0.001 <= lower"},
        Mistake{"transforms { random_affine { degrees: 1 shear: 90 } }",
                "shear [90]", "-89 to 89"},
        Mistake{"transforms { random_affine { degrees: 1 shear: [1, 2, 3] } }",
                "shear [1, 2, 3]", "four for x and y"},
        Mistake{"transforms { random_perspective { distortion_scale: 1.1 } }",
                "distortion_scale 1.1", "0 to 1"},
        Mistake{"transforms { random_perspective { interpolation: 9 } }",
                "interpolation 9", "BICUBIC"}));

INSTANTIATE_TEST_SUITE_P(
    BoxesAndSizes, PlanRulesTest,
    testing::Values(
        Mistake{"transforms { random_iou_crop { min_scale: 0 } }",
                "min_scale 0", "0 < min_scale"},
        Mistake{"transforms { random_iou_crop { min_aspect_ratio: 3 } }",
                "min_aspect_ratio 3", "<= max_aspect_ratio"},
        Mistake{"transforms { random_iou_crop { sampler_options: -1 } }",
                "sampler_options [-1]", "0 to 1"},
        Mistake{"transforms { random_iou_crop { trials: 1001 } }",
                "trials 1001", "1 to 1000"},
        Mistake{"transforms { random_iou_crop { trials: 0 } }", "trials 0",
                "1 to 1000"},
        Mistake{"transforms { sanitize_bounding_boxes { min_size: -1 } }",
                "min_size -1", "0 or more"},
        Mistake{"transforms { sanitize_bounding_boxes { min_area: inf } }",
                "min_area inf", "0 or more"},
        Mistake{"transforms { scale_jitter {} }", "target_size has 0",
                "height and width"},
        Mistake{"transforms { scale_jitter { target_size: 8 "
                "scale_range: [2, 1] } }",
                "scale_range [2, 1]", "lower <= upper"},
        Mistake{"transforms { random_shortest_size {} }", "min_size is empty",
                "draw from"},
        Mistake{"transforms { random_shortest_size { min_size: 8 "
                "max_size: 9000 } }",
                "max_size 9000", "1 to 8192"},
        Mistake{"transforms { scale_jitter { target_size: 8 } }",
                "differ in size", "letter_box"}));

INSTANTIATE_TEST_SUITE_P(
    Colors, PlanRulesTest,
    testing::Values(
        Mistake{"transforms { color_jitter { brightness: -0.5 } }",
                "color_jitter: brightness [-0.5]", "0 <= lower"},
        Mistake{"transforms { color_jitter { hue: 0.6 } }", "hue [0.6]",
                "upper <= 0.5"},
        Mistake{"transforms { color_jitter { contrast: [2, 1] } }",
                "contrast [2, 1]", "lower <= upper"},
        Mistake{"transforms { color_jitter { saturation: [0, 1, 2] } }",
                "saturation [0, 1, 2]", "one value"},
        Mistake{"transforms { color_jitter { hue: nan } }", "hue [nan]",
                "upper <= 0.5"},
        Mistake{"transforms { gaussian_blur { kernel_size: 4 } }",
                "kernel_size [4]", "odd numbers of 1 to 255"},
        Mistake{"transforms { gaussian_blur {} }", "kernel_size []", "odd"},
        Mistake{"transforms { gaussian_blur { kernel_size: 3 sigma: 0 } }",
                "sigma [0]", "0 < lower"},
        Mistake{"transforms { random_posterize {} }", "bits must be set",
                "0 to 8"},
        Mistake{"transforms { random_posterize { bits: 9 } }",
                "bits 9 is out of range", "0 to 8"},
        Mistake{"transforms { random_solarize {} }", "threshold must be set",
                "0 to 256"},
        Mistake{"transforms { random_solarize { threshold: nan } }",
                "threshold nan is out of range", "0 to 256"},
        Mistake{"transforms { random_adjust_sharpness {} }",
                "sharpness_factor must be set", "0 to 1000"},
        Mistake{"transforms { random_adjust_sharpness { sharpness_factor: -1 } "
                "}",
                "sharpness_factor -1 is out of range", "0 to 1000"},
        Mistake{"transforms { random_invert { p: 2 } }", "p 2", "0 to 1"},
        Mistake{"transforms { random_grayscale { p: 2 } }",
                "random_grayscale: p 2", "0 to 1"},
        Mistake{"transforms { random_autocontrast { p: 2 } }",
                "random_autocontrast: p 2", "0 to 1"},
        Mistake{"transforms { random_equalize { p: 2 } }",
                "random_equalize: p 2", "0 to 1"},
        Mistake{"transforms { to_dtype { dtype: FLOAT32 } }"
                "transforms { grayscale {} }",
                "transforms[1] grayscale", "put it before"}));

INSTANTIATE_TEST_SUITE_P(
    Augmentations, PlanRulesTest,
    testing::Values(Mistake{"transforms { rand_augment { magnitude: 31 } }",
                            "magnitude 31", "0 to 30"},
                    Mistake{"transforms { rand_augment { num_ops: 101 } }",
                            "num_ops 101", "0 to 100"},
                    Mistake{"transforms { trivial_augment_wide { "
                            "num_magnitude_bins: 1 } }",
                            "num_magnitude_bins 1", "2 to 1000"},
                    Mistake{"transforms { rand_augment { "
                            "num_magnitude_bins: 0 } }",
                            "num_magnitude_bins 0", "2 to 1000"},
                    Mistake{"transforms { auto_augment { policy: 9 } }",
                            "policy 9", "IMAGENET, CIFAR10 or SVHN"},
                    Mistake{"transforms { auto_augment { fill: 300 } }",
                            "fill 300", "0 to 255"}));

INSTANTIATE_TEST_SUITE_P(
    Finished, PlanRulesTest,
    testing::Values(
        Mistake{"transforms { random_erasing { scale: [0.5, 2] } }",
                "scale [0.5, 2]", "upper <= 1"},
        Mistake{"transforms { random_erasing { ratio: [0, 1] } }",
                "ratio [0, 1]", "height / width"},
        Mistake{"transforms { random_erasing { value: 0.5 } }", "value [0.5]",
                "whole numbers of 0 to 255"},
        Mistake{"transforms { to_dtype { dtype: FLOAT32 } }"
                "transforms { random_erasing { value: inf } }",
                "value [inf]", "up to 1e+06"},
        Mistake{"transforms { random_erasing { value: [1, 2] } }",
                "value has 2 numbers", "each channel, 3"},
        Mistake{"transforms { random_erasing { value: 1 random: true } }",
                "both value and random", "leave one out"},
        Mistake{"transforms { random_erasing {} }"
                "transforms { random_horizontal_flip {} }",
                "transforms[1] random_horizontal_flip: comes after "
                "transforms[0] random_erasing",
                "put it before"},
        Mistake{"transforms { label_smoothing {} }", "needs rows",
                "put one_hot before"},
        Mistake{"transforms { one_hot {} }"
                "transforms { label_smoothing { alpha: 1.5 } }",
                "alpha 1.5", "0 to 1"}));

INSTANTIATE_TEST_SUITE_P(
    Mixing, PlanRulesTest,
    testing::Values(
        Mistake{"transforms { mix_up {} }", "mixes rows of labels",
                "put one_hot before"},
        Mistake{"batch { boxes: true } transforms { one_hot {} }"
                "transforms { cut_mix {} }",
                "mixes images, not boxes", "leave out batch.boxes"},
        Mistake{"transforms { one_hot {} } transforms { mix_up { alpha: 0 } }",
                "alpha 0", "0.001 to 1000"},
        Mistake{"transforms { one_hot {} } transforms { mix_up { group: 1 } }",
                "group 1", "2 or more"},
        Mistake{"transforms { one_hot {} } transforms { cut_mix { group: 0 } }",
                "group 0", "2 or more"},
        Mistake{"transforms { one_hot {} } transforms { mix_up { group: 4 } }"
                "transforms { cut_mix {} }",
                "group 2 is not the one of transforms[1] mix_up, 4",
                "give both the same"},
        Mistake{"transforms { mosaic {} }", "mixes samples with boxes",
                "set batch.boxes"},
        Mistake{"batch { boxes: true } transforms { copy_paste {} }",
                "by their masks", "batch.masks"},
        Mistake{"batch { boxes: true } transforms { mosaic { p: 2 } }", "p 2",
                "0 to 1"},
        Mistake{"transforms { one_hot {} } transforms { mix_up {} }"
                "transforms { label_smoothing {} }",
                "transforms[2] label_smoothing: comes after transforms[1] "
                "mix_up",
                "put it before"},
        Mistake{"transforms { resize { size: [32, 32] } }"
                "transforms { one_hot {} } transforms { mix_up { group: 4 } }",
                "2 samples for a rank are not whole groups of 4",
                "change batch.size"}));

constexpr char kMomentsOfThree[] =
    "transforms { to_dtype { dtype: FLOAT32 } }"
    "transforms { normalize { mean: [0, 0, 0] std: [1, 1, 1] } }";

INSTANTIATE_TEST_SUITE_P(
    Types, PlanRulesTest,
    testing::Values(
        Mistake{"transforms { to_dtype {} }", "dtype must be set", "FLOAT32"},
        Mistake{"transforms { to_dtype { dtype: INT64 } }",
                "dtype INT64 is not for images", "FLOAT32"},
        Mistake{"transforms { to_dtype { dtype: 99 } }", "dtype 99", "FLOAT32"},
        Mistake{"transforms { to_dtype { dtype: FLOAT32 } }"
                "transforms { to_dtype { dtype: UINT8 } }",
                "transforms[1] to_dtype", "convert once"},
        Mistake{"transforms { to_dtype { dtype: FLOAT32 } }"
                "transforms { resize { size: [8, 8] } }",
                "transforms[1] resize: comes after transforms[0] to_dtype",
                "put it before"},
        Mistake{"transforms { to_dtype { dtype: FLOAT32 } }"
                "transforms { center_crop { size: 8 } }",
                "transforms[1] center_crop", "put it before"},
        Mistake{"transforms { to_dtype { dtype: FLOAT32 } }"
                "transforms { random_resized_crop { size: 8 } }",
                "transforms[1] random_resized_crop", "put it before"},
        Mistake{"transforms { normalize { mean: [0, 0, 0] std: [1, 1, 1] } }",
                "transforms[0] normalize", "put to_dtype"},
        Mistake{"transforms { to_dtype { dtype: FLOAT32 } }"
                "transforms { normalize { mean: 0 std: 1 } }",
                "1 values of mean and 1 of std", "each channel, 3"},
        Mistake{"transforms { to_dtype { dtype: FLOAT32 } }"
                "transforms { normalize { mean: [0, 0, 0] std: [1, 0, 1] } }",
                "std [1, 0, 1]", "1e-06 to 1e+06"},
        Mistake{"transforms { to_dtype { dtype: FLOAT32 } }"
                "transforms { normalize { mean: [0, nan, 0] std: [1, 1, 1] } }",
                "mean [0, nan, 0]", "up to 1e+06"},
        Mistake{"transforms { one_hot {} } transforms { one_hot {} }",
                "transforms[1] one_hot", "once is enough"},
        Mistake{"transforms { one_hot { num_classes: 1 } }",
                "num_classes 1 is fewer", "leave it out"},
        Mistake{"transforms { one_hot { num_classes: 0 } }",
                "num_classes 0 is out of range", "1 or more"}));

TEST(PlanRulesTest, NormalizeComesOnce) {
  const absl::Status status = CompileStatus(absl::StrCat(
      kScenes, kFixedSize, kMomentsOfThree,
      "transforms { normalize { mean: [0, 0, 0] std: [1, 1, 1] } }"));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("transforms[3] normalize: comes twice"));
}

TEST(PlanRulesTest, ToDtypeAfterNormalizeIsRefused) {
  const absl::Status status =
      CompileStatus(absl::StrCat(kScenes, kFixedSize, kMomentsOfThree,
                                 "transforms { to_dtype { dtype: FLOAT32 } }"));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("transforms[3] to_dtype: comes after"));
}

TEST(PlanRulesTest, AFlipMayComeAnywhere) {
  EXPECT_EQ(
      CompileStatus(absl::StrCat(kScenes, kFixedSize, kMomentsOfThree,
                                 "transforms { random_horizontal_flip {} }")),
      absl::OkStatus());
}

TEST(PlanRulesTest, TooManyTransformsAreRefused) {
  std::string plan = absl::StrCat(kScenes, kFixedSize);
  for (int i = 0; i < 64; ++i) {
    absl::StrAppend(&plan, "transforms { random_horizontal_flip {} }");
  }
  const absl::Status status = CompileStatus(plan);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("there are 65"), HasSubstr("limit is 64")));
}

TEST(PlanRulesTest, OneSampleOverTheLimitOfBytesIsRefusedWithBothNumbers) {
  PlanLimits limits;
  limits.max_batch_bytes = 3000;
  const absl::Status status =
      CompileStatus(absl::StrCat(kScenes, kFixedSize), limits);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  // 32 x 32 x 3 pixels, label, valid, ordinal.
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("take 3089 bytes"), HasSubstr("limit is 3000")));
}

TEST(PlanRulesTest, ABatchOfOneRankOverTheLimitOfBytesIsRefused) {
  PlanLimits limits;
  limits.max_batch_bytes = 4000;
  const auto plan = CompiledPlan::Compile(
      ParsePlan(absl::StrCat(kScenes, kFixedSize)), DrawnScenes(6), limits);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ((*plan)->CheckRank(0, 2), absl::OkStatus());
  const absl::Status status = (*plan)->CheckRank(0, 1);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("2 samples"), HasSubstr("6178 bytes"),
                    HasSubstr("limit is 4000")));
}

TEST(PlanRulesTest, RanksMustFit) {
  const auto plan = CompileOrDie(ParsePlan(absl::StrCat(kScenes, kFixedSize)),
                                 DrawnScenes(6));
  EXPECT_EQ(plan->CheckRank(1, 2), absl::OkStatus());
  EXPECT_THAT(std::string(plan->CheckRank(0, 3).message()),
              HasSubstr("world_size: 3 does not divide batch.size, 2"));
  EXPECT_THAT(std::string(plan->CheckRank(0, 0).message()),
              HasSubstr("world_size: 0"));
  EXPECT_THAT(std::string(plan->CheckRank(2, 2).message()),
              HasSubstr("ranks are 0 to 1"));
}

TEST(PlanRulesTest, ACropThatNoImageHoldsIsRefusedAtOnce) {
  const auto plan = CompiledPlan::Compile(
      ParsePlan("dataset: 'drawn/digits' batch { size: 1 } "
                "transforms { random_crop { size: [400, 500] } }"),
      DrawnDigits(3));
  EXPECT_TRUE(absl::IsInvalidArgument(plan.status())) << plan.status();
  EXPECT_THAT(std::string(plan.status().message()),
              AllOf(HasSubstr("transforms: random_crop of 500 x 400"),
                    HasSubstr("pad_if_needed")));
}

TEST(PlanRulesTest, WhatMakesEveryImageTooLargeIsRefusedAtOnce) {
  for (const char* transforms :
       {"transforms { pad { padding: 8192 } }",
        "transforms { pad { padding: 8192 padding_mode: REFLECT } } "
        "transforms { center_crop { size: 9 } }",
        "transforms { pad { padding: 5000 } } "
        "transforms { random_rotation { degrees: [45, 45] expand: true } }",
        "transforms { pad { padding: 4000 } } transforms { random_zoom_out { "
        "side_range: [2, 2] p: 1 } }"}) {
    const absl::Status status =
        CompileStatus(absl::StrCat(kScenes, transforms, kFixedSize));
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << transforms << status;
    EXPECT_THAT(
        std::string(status.message()),
        AllOf(HasSubstr("transforms: of an image of 1 x 1"),
              HasSubstr("the limit is 134217728"), HasSubstr("pad less")));
  }
  const absl::Status digits =
      CompiledPlan::Compile(
          ParsePlan("dataset: 'drawn/digits' batch { size: 1 } transforms { "
                    "pad { padding: 8192 } } transforms { resize { size: [8, "
                    "8] } }"),
          DrawnDigits(3))
          .status();
  EXPECT_THAT(std::string(digits.message()),
              HasSubstr("transforms: of an image of 28 x 28"));
}

TEST(PlanRulesTest, WhatSomeImageComesThroughIsNotRefused) {
  for (const char* transforms :
       {// Padding that a crop takes away is never made.
        "transforms { pad { padding: 8192 } } "
        "transforms { center_crop { size: 9 } }",
        // Thin images stay small, large ones hold the crop.
        "transforms { resize { size: 8000 max_size: 8001 } } "
        "transforms { pad { padding: 2000 } }",
        "transforms { random_crop { size: 60 } } "
        "transforms { pad { padding: 5000 } }",
        // Half of all draws.
        "transforms { pad { padding: 4000 } } transforms { random_zoom_out { "
        "side_range: [2, 2] } }"}) {
    EXPECT_EQ(CompileStatus(absl::StrCat(kScenes, transforms, kFixedSize)),
              absl::OkStatus())
        << transforms;
  }
}

TEST(PlanRulesTest, AnEpochNeedsAWholeBatchUnlessItIsPadded) {
  const std::string plan = absl::StrCat(kScenes, kFixedSize);
  const absl::Status status =
      CompileStatus(absl::StrCat(plan, "batch { size: 7 }"));
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("7 is more than the 6 samples selected"),
                    HasSubstr("PAD")));
  const absl::Status drawn = CompileStatus(
      absl::StrCat(plan, "sampler { order: CLASS_BALANCED positions: 1 }"));
  EXPECT_THAT(std::string(drawn.message()),
              HasSubstr("2 is more than the 1 of sampler.positions"));
  EXPECT_EQ(
      CompileStatus(absl::StrCat(plan, "batch { size: 7 remainder: PAD }")),
      absl::OkStatus());
}

TEST(PlanRulesTest, FieldsOfANewerVersionAreRefused) {
  v1::Plan plan = ParsePlan(absl::StrCat(kScenes, kFixedSize));
  v1::Transform* transform = plan.mutable_transforms(0);
  transform->GetReflection()->MutableUnknownFields(transform)->AddVarint(99, 1);
  const auto compiled = CompiledPlan::Compile(plan, DrawnScenes(6));
  EXPECT_TRUE(absl::IsInvalidArgument(compiled.status()));
  EXPECT_THAT(std::string(compiled.status().message()),
              HasSubstr("field number 99 of millrace.v1.Transform"));
}

}  // namespace
}  // namespace millrace
