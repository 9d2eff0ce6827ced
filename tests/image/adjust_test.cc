#include "image/adjust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "image/convolve.h"
#include "tests/image/image_testing.h"

namespace millrace {
namespace {

using testing::ElementsAre;

Image Pixels(int channels, std::vector<uint8_t> bytes) {
  Image image(static_cast<int>(bytes.size()) / channels, 1, channels);
  std::memcpy(image.row(0), bytes.data(), bytes.size());
  return image;
}

TEST(AdjustTest, PosterizeKeepsTheUpperBits) {
  Image image = Pixels(1, {0, 31, 32, 130, 255});
  Posterize(3, image.span());
  EXPECT_THAT(image.pixels(), ElementsAre(0, 0, 32, 128, 224));
  Posterize(0, image.span());
  EXPECT_THAT(image.pixels(), ElementsAre(0, 0, 0, 0, 0));
}

TEST(AdjustTest, SolarizeInvertsFromTheThresholdOn) {
  Image image = Pixels(1, {0, 127, 128, 255});
  Solarize(127.5, image.span());
  EXPECT_THAT(image.pixels(), ElementsAre(0, 127, 127, 0));
  Solarize(1000, image.span());
  EXPECT_THAT(image.pixels(), ElementsAre(0, 127, 127, 0));
}

TEST(AdjustTest, AnImageOfOneValueHasNoContrastToStretch) {
  Image image = Pixels(3, {7, 8, 9, 7, 8, 9});
  AutoContrast(image.span());
  EXPECT_THAT(image.pixels(), ElementsAre(7, 8, 9, 7, 8, 9));
  Equalize(image.span());
  EXPECT_THAT(image.pixels(), ElementsAre(7, 8, 9, 7, 8, 9));
}

TEST(AdjustTest, HalfATurnMakesRedCyan) {
  Image image = Pixels(3, {255, 0, 0});
  AdjustHue(0.5, image.span());
  EXPECT_THAT(image.pixels(), ElementsAre(0, 255, 252));  // As in Pillow.
}

TEST(ConvolveTest, MirrorsOverAndOverWhereTheKernelIsLargerThanTheImage) {
  Image image = Pixels(1, {0, 100, 200});
  const std::vector<double> kernel(9, 1.0 / 9);
  Image spare;
  Convolve({kernel, {1}}, image.span(), &spare);
  // Around the first: 0 100 200 100 (0) 100 200 100 0.
  EXPECT_THAT(image.pixels(), ElementsAre(89, 100, 111));
}

// What torchvision is asked to do, and the same for us.
struct Op {
  std::string words;
  std::function<void(const ImageSpan&)> apply;
  int tolerance = 0;
};

std::vector<double> Gaussian(int size, double sigma) {
  std::vector<double> weights(size);
  double sum = 0;
  for (int i = 0; i < size; ++i) {
    const double x = (i - size / 2) / sigma;
    sum += weights[i] = std::exp(-0.5 * x * x);
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

Op Blur(int columns, int rows, double sigma) {
  return {absl::StrCat("blur ", columns, " ", rows, " ", sigma),
          [=](const ImageSpan& image) {
            Image spare;
            Convolve({Gaussian(columns, sigma), Gaussian(rows, sigma)}, image,
                     &spare);
          },
          1};
}

std::vector<Op> Ops(std::mt19937* random) {
  const auto uniform = [random](double lower, double upper) {
    return std::uniform_real_distribution<float>(
        static_cast<float>(lower), static_cast<float>(upper))(*random);
  };
  std::vector<Op> ops;
  const auto add = [&ops](const char* name, double value, auto function) {
    ops.push_back({absl::StrCat(name, " ", value),
                   [=](const ImageSpan& image) { function(value, image); }});
  };
  const auto sharpen = [](double factor, const ImageSpan& image) {
    Image spare;
    AdjustSharpness(factor, image, &spare);
  };
  for (const double factor : {0.0, 0.5, 1.0, 1.75, 3.0}) {
    // Few digits, so that both sides read the same number.
    const double near = std::round(1000 * uniform(0, 2)) / 1000;
    for (const double value : {factor, near}) {
      add("brightness", value, AdjustBrightness);
      add("contrast", value, AdjustContrast);
      add("saturation", value, AdjustSaturation);
      add("sharpness", value, sharpen);
    }
  }
  for (const double turns : {-0.5, -0.25, -0.001, 0.0, 0.004, 0.1, 0.5}) {
    add("hue", turns, AdjustHue);
  }
  for (const double threshold : {0.0, 63.75, 128.0, 255.0, 256.0}) {
    add("solarize", threshold, Solarize);
  }
  for (int bits = 0; bits <= 8; ++bits) {
    add("posterize", bits, [](double value, const ImageSpan& image) {
      Posterize(static_cast<int>(value), image);
    });
  }
  ops.push_back({"grayscale", ToGrayscale});
  ops.push_back({"invert", Invert});
  ops.push_back({"autocontrast", AutoContrast});
  ops.push_back({"equalize", Equalize});
  ops.push_back(Blur(3, 3, 0.1));
  ops.push_back(Blur(5, 3, 1.5));
  ops.push_back(Blur(9, 11, 2.25));
  return ops;
}

std::vector<Image> Images(uint32_t seed) {
  std::vector<Image> images;
  for (const int channels : {1, 3}) {
    images.push_back(Noise(61, 37, channels, seed));
    images.push_back(Scene(97, 64, channels));
    images.push_back(Noise(12, 8, channels, seed + 1));
    // Few values, as Equalize likes least.
    Image dark = Noise(40, 23, channels, seed + 2);
    for (int i = 0; i < 40 * 23 * channels; ++i) dark.row(0)[i] %= 5;
    images.push_back(std::move(dark));
  }
  // A slice of the colour cube, for the hue.
  Image cube(256, 256, 3);
  for (int i = 0; i < 256 * 256; ++i) {
    uint8_t* pixel = cube.row(0) + 3 * ptrdiff_t{i};
    pixel[0] = static_cast<uint8_t>(i);
    pixel[1] = static_cast<uint8_t>(i >> 8);
    pixel[2] = static_cast<uint8_t>(seed);
  }
  images.push_back(std::move(cube));
  return images;
}

int LargestDifference(const Image& image, absl::string_view bytes) {
  int largest = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const int theirs = static_cast<uint8_t>(bytes[i]);
    largest = std::max(largest, std::abs(image.pixels()[i] - theirs));
  }
  return largest;
}

TEST(AdjustTest, EqualsTorchvisionOnPilImages) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const std::vector<Op> ops = Ops(&random);
  const std::vector<Image> images = Images(seed);
  std::string jobs;
  for (const Image& image : images) {
    for (const Op& op : ops) {
      absl::StrAppend(&jobs, image.width(), " ", image.height(), " ",
                      image.channels(), " ", op.words, "\n");
      jobs.append(reinterpret_cast<const char*>(image.row(0)),
                  image.pixels().size());
    }
  }
  const std::string in = testing::TempDir() + "/adjust_jobs";
  const std::string out = testing::TempDir() + "/adjust_results";
  WriteFile(in, jobs);
  const int exit_code = RunPython("torchvision_adjust.py", {in, out});
  if (exit_code == 77) {
    GTEST_SKIP() << "no torchvision (package python3-torchvision)";
  }
  ASSERT_EQ(exit_code, 0);

  const std::string results = ReadFile(out);
  absl::string_view rest = results;
  for (const Image& image : images) {
    for (const Op& op : ops) {
      Image ours = image;
      op.apply(ours.span());
      ASSERT_GE(rest.size(), ours.pixels().size());
      EXPECT_LE(LargestDifference(ours, rest.substr(0, ours.pixels().size())),
                op.tolerance)
          << op.words << " of " << image.width() << "x" << image.height() << "x"
          << image.channels();
      rest.remove_prefix(ours.pixels().size());
    }
  }
  EXPECT_TRUE(rest.empty());
}

}  // namespace
}  // namespace millrace
