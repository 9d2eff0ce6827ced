#include "pipeline/color_ops.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>

#include "absl/strings/str_cat.h"
#include "image/adjust.h"
#include "tests/pipeline/drawn_dataset.h"

namespace millrace {
namespace {

constexpr int kWidth = 24;
constexpr int kHeight = 20;

std::shared_ptr<const CompiledPlan> PlanWith(absl::string_view transform) {
  return CompileOrDie(
      ParsePlan(absl::StrCat("dataset: 'drawn/scenes' batch { size: 5 } ",
                             "transforms { resize { size: [", kHeight, ", ",
                             kWidth, "] } } ",
                             transform.empty() ? "" : "transforms { ",
                             transform, transform.empty() ? "" : " }")),
      DrawnScenes(20));
}

using Change = std::function<void(const ImageSpan&, Image*)>;

struct Case {
  const char* transform;
  Change change;
};

TEST(ColorOpsTest, EachDoesWhatItsNameSays) {
  const Case cases[] = {
      {"color_jitter { brightness: [1.5, 1.5] }",
       [](const ImageSpan& image, Image*) { AdjustBrightness(1.5, image); }},
      {"color_jitter { contrast: [0.5, 0.5] }",
       [](const ImageSpan& image, Image*) { AdjustContrast(0.5, image); }},
      {"color_jitter { saturation: [3, 3] }",
       [](const ImageSpan& image, Image*) { AdjustSaturation(3, image); }},
      {"color_jitter { hue: [-0.25, -0.25] }",
       [](const ImageSpan& image, Image*) { AdjustHue(-0.25, image); }},
      {"grayscale {}",
       [](const ImageSpan& image, Image*) { ToGrayscale(image); }},
      {"random_grayscale { p: 1 }",
       [](const ImageSpan& image, Image*) { ToGrayscale(image); }},
      {"random_invert { p: 1 }",
       [](const ImageSpan& image, Image*) { Invert(image); }},
      {"random_posterize { bits: 2 p: 1 }",
       [](const ImageSpan& image, Image*) { Posterize(2, image); }},
      {"random_solarize { threshold: 99.5 p: 1 }",
       [](const ImageSpan& image, Image*) { Solarize(99.5, image); }},
      {"random_autocontrast { p: 1 }",
       [](const ImageSpan& image, Image*) { AutoContrast(image); }},
      {"random_equalize { p: 1 }",
       [](const ImageSpan& image, Image*) { Equalize(image); }},
      {"random_adjust_sharpness { sharpness_factor: 2 p: 1 }",
       [](const ImageSpan& image, Image* spare) {
         AdjustSharpness(2, image, spare);
       }},
      {"gaussian_blur { kernel_size: [5, 3] sigma: 1.25 }",
       [](const ImageSpan& image, Image* spare) {
         Convolve({GaussianWeights(5, 1.25), GaussianWeights(3, 1.25)}, image,
                  spare);
       }},
  };
  const std::string plain = BytesOf(BatchOrDie(PlanWith(""), {}), "image");
  for (const auto& [transform, change] : cases) {
    std::string expected = plain;
    for (int i = 0; i < 5; ++i) {
      const ImageSpan image = {reinterpret_cast<uint8_t*>(expected.data()) +
                                   ptrdiff_t{i} * kWidth * kHeight * 3,
                               kWidth, kHeight, 3, 3 * kWidth};
      Image spare;
      change(image, &spare);
    }
    EXPECT_TRUE(BytesOf(BatchOrDie(PlanWith(transform), {}), "image") ==
                expected)
        << transform;
    EXPECT_FALSE(expected == plain) << transform;
  }
}

// How many of 2000 samples a transform changes.
int Changed(absl::string_view transform) {
  const auto plain = PlanWith("");
  const auto plan = PlanWith(transform);
  int changed = 0;
  for (uint64_t step = 0; step < 400; ++step) {
    const std::string before = BytesOf(BatchOrDie(plain, {step}), "image");
    const std::string after = BytesOf(BatchOrDie(plan, {step}), "image");
    const size_t size = before.size() / 5;
    for (int i = 0; i < 5; ++i) {
      changed += before.compare(i * size, size, after, i * size, size) != 0;
    }
  }
  return changed;
}

TEST(ColorOpsTest, ProbabilitiesHold) {
  EXPECT_EQ(Changed("random_invert { p: 0 }"), 0);
  EXPECT_EQ(Changed("random_invert { p: 1 }"), 2000);
  EXPECT_NEAR(Changed("random_invert {}"), 1000, 100);
  EXPECT_NEAR(Changed("random_grayscale {}"), 200, 60);
}

TEST(ColorOpsTest, JitterComesInEveryOrderWithFactorsInRange) {
  // Each changes a gray of 100, and their order shows.
  constexpr char kJitter[] =
      "color_jitter { brightness: [2, 2] contrast: [0.5, 0.5] "
      "saturation: [2, 2] hue: [0.1, 0.1] }";
  const auto plan = CompileOrDie(
      ParsePlan(absl::StrCat("dataset: 'drawn/scenes' batch { size: 1 } "
                             "selection { keys: 'scenes/1.png' } "
                             "transforms { resize { size: [16, 16] } } "
                             "transforms { ",
                             kJitter, " }")),
      DrawnScenes(20));
  std::set<std::string> results;
  for (uint64_t step = 0; step < 400; ++step) {
    results.insert(BytesOf(BatchOrDie(plan, {step}), "image"));
  }
  EXPECT_GT(results.size(), 18) << "of 24 orders, most differ";
  EXPECT_LE(results.size(), 24);
}

TEST(ColorOpsTest, OneValueOfJitterIsARangeAroundNoChange) {
  const auto canonical = [](absl::string_view jitter) {
    return PlanWith(absl::StrCat("color_jitter { ", jitter, " }"))->digest();
  };
  EXPECT_EQ(canonical("brightness: 0.25 hue: 0.125"),
            canonical("brightness: [0.75, 1.25] hue: [-0.125, 0.125]"));
  EXPECT_EQ(canonical("contrast: 3"), canonical("contrast: [0, 4]"));
  EXPECT_EQ(canonical("saturation: 0 hue: [0, 0]"), canonical(""));
  EXPECT_NE(canonical("saturation: 0.5"), canonical(""));
}

TEST(ColorOpsTest, GaussianWeightsFollowTheirFormula) {
  const std::vector<double> weights = GaussianWeights(5, 0.8);
  double sum = 0;
  for (int i = -2; i <= 2; ++i) sum += std::exp(-0.5 * i * i / 0.64);
  for (int i = -2; i <= 2; ++i) {
    EXPECT_NEAR(weights[i + 2], std::exp(-0.5 * i * i / 0.64) / sum, 1e-14);
  }
  // Narrower than the least number of a double.
  EXPECT_DOUBLE_EQ(GaussianWeights(255, 1e-3)[127], 1);
}

}  // namespace
}  // namespace millrace
