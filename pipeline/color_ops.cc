#include "pipeline/color_ops.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "image/adjust.h"
#include "pipeline/portable_math.h"

namespace millrace {

namespace {

constexpr uint32_t kMaxKernelSize = 255;
// More would be white, black or noise.
constexpr double kMaxFactor = 1000;

// One change, with some probability.
class RandomChange final : public TransformOp {
 public:
  RandomChange(double probability, PixelOp change)
      : probability_(probability), change_(std::move(change)) {}

  void Add(RandomDraws* draws, SampleProgram* program) const override {
    if (draws->Uniform() < probability_) program->ChangePixels(change_);
  }

 private:
  const double probability_;
  const PixelOp change_;
};

std::unique_ptr<const TransformOp> Sometimes(double probability,
                                             PixelOp change) {
  return std::make_unique<RandomChange>(probability, std::move(change));
}

// A change that needs no more than the image.
PixelOp Plain(void (*change)(const ImageSpan& image)) {
  return [change](const ImageSpan& image, Image*) { change(image); };
}

class ColorJitterOp final : public TransformOp {
 public:
  explicit ColorJitterOp(v1::ColorJitter jitter) : jitter_(std::move(jitter)) {}

  void Add(RandomDraws* draws, SampleProgram* program) const override;

 private:
  struct Change {
    void (*adjust)(double factor, const ImageSpan& image);
    const Doubles& range;  // Empty: unchanged.
  };

  const v1::ColorJitter jitter_;
};

void ColorJitterOp::Add(RandomDraws* draws, SampleProgram* program) const {
  std::array<Change, 4> changes = {{
      {AdjustBrightness, jitter_.brightness()},
      {AdjustContrast, jitter_.contrast()},
      {AdjustSaturation, jitter_.saturation()},
      {AdjustHue, jitter_.hue()},
  }};
  std::array<size_t, 4> order = {0, 1, 2, 3};
  for (size_t i = order.size() - 1; i > 0; --i) {
    std::swap(order[i], order[draws->Below(static_cast<int>(i + 1))]);
  }
  std::array<double, 4> factors{};
  for (size_t i = 0; i < changes.size(); ++i) {
    const Doubles& range = changes[i].range;
    if (!range.empty()) factors[i] = draws->Uniform(range[0], range[1]);
  }
  for (const size_t i : order) {
    if (changes[i].range.empty()) continue;
    program->ChangePixels(
        [adjust = changes[i].adjust, factor = factors[i]](
            const ImageSpan& image, Image*) { adjust(factor, image); });
  }
}

class GaussianBlurOp final : public TransformOp {
 public:
  explicit GaussianBlurOp(const v1::GaussianBlur& blur)
      : columns_(static_cast<int>(blur.kernel_size(0))),
        rows_(static_cast<int>(blur.kernel_size(1))),
        sigma_{blur.sigma(0), blur.sigma(1)} {}

  void Add(RandomDraws* draws, SampleProgram* program) const override {
    const double sigma = draws->Uniform(sigma_[0], sigma_[1]);
    program->ChangePixels(
        [kernel = SeparableKernel{GaussianWeights(columns_, sigma),
                                  GaussianWeights(rows_, sigma)}](
            const ImageSpan& image, Image* spare) {
          Convolve(kernel, image, spare);
        });
  }

 private:
  const int columns_;
  const int rows_;
  const double sigma_[2];
};

// Writes one value as the range around `center` that it stands for; drops the
// range that changes nothing.
absl::Status CheckJitter(const TransformRules& rules, absl::string_view name,
                         double center, double lowest, double highest,
                         Doubles* range) {
  if (range->empty()) return absl::OkStatus();
  const std::string given = List(*range);
  if (range->size() == 1 && range->Get(0) >= 0) {
    const double reach = range->Get(0);
    range->Set(0, center - reach);
    range->Add(center + reach);
    if (center == 1) range->Set(0, std::max(0.0, range->Get(0)));
  }
  if (!IsRange(*range, lowest, highest)) {
    return rules.Wrong(absl::StrCat(
        name, " ", given, " is no range; give one value of how far to go from ",
        center, ", or two, ", lowest, " <= lower <= upper <= ", highest));
  }
  if (range->Get(0) == center && range->Get(1) == center) range->Clear();
  DropSignsOfZero(range);
  return absl::OkStatus();
}

// Of a field without a default: 0 to `most`.
absl::Status CheckGiven(const TransformRules& rules, absl::string_view name,
                        bool is_set, double value, double most) {
  if (is_set && value >= 0 && value <= most) return absl::OkStatus();
  const std::string what =
      is_set ? absl::StrCat(" ", value, " is out of range") : " must be set";
  return rules.Wrong(absl::StrCat(name, what, "; give 0 to ", most));
}

template <typename Message>
absl::Status CheckChange(TransformRules* rules, double p, Message* message) {
  MILLRACE_RETURN_IF_ERROR(rules->CheckBefore8BitEnds());
  return rules->CheckProbability(p, message);
}

}  // namespace

std::vector<double> GaussianWeights(int size, double sigma) {
  constexpr double kLeastExponent = -700;  // As good as nothing.
  std::vector<double> weights(size);
  double sum = 0;
  for (int i = 0; i < size; ++i) {
    const double x = (i - size / 2) / sigma;
    weights[i] = PortableExp(std::max(-0.5 * x * x, kLeastExponent));
    sum += weights[i];
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

absl::Status Check(TransformRules* rules, v1::ColorJitter* jitter) {
  MILLRACE_RETURN_IF_ERROR(rules->CheckBefore8BitEnds());
  MILLRACE_RETURN_IF_ERROR(CheckJitter(*rules, "brightness", 1, 0, kMaxFactor,
                                       jitter->mutable_brightness()));
  MILLRACE_RETURN_IF_ERROR(CheckJitter(*rules, "contrast", 1, 0, kMaxFactor,
                                       jitter->mutable_contrast()));
  MILLRACE_RETURN_IF_ERROR(CheckJitter(*rules, "saturation", 1, 0, kMaxFactor,
                                       jitter->mutable_saturation()));
  return CheckJitter(*rules, "hue", 0, -0.5, 0.5, jitter->mutable_hue());
}

absl::Status Check(TransformRules* rules, v1::Grayscale*) {
  return rules->CheckBefore8BitEnds();
}

absl::Status Check(TransformRules* rules, v1::RandomGrayscale* grayscale) {
  return CheckChange(rules, 0.1, grayscale);
}

absl::Status Check(TransformRules* rules, v1::GaussianBlur* blur) {
  MILLRACE_RETURN_IF_ERROR(rules->CheckBefore8BitEnds());
  const std::string given = absl::StrJoin(blur->kernel_size(), ", ");
  WriteBothSides(blur->mutable_kernel_size());
  const Sizes& sizes = blur->kernel_size();
  const bool odd = std::ranges::all_of(sizes, [](uint32_t size) {
    return size % 2 == 1 && size <= kMaxKernelSize;
  });
  if (sizes.size() != 2 || !odd) {
    return rules->Wrong(absl::StrCat(
        "kernel_size [", given,
        "] is none; give one or two odd numbers of 1 to ", kMaxKernelSize));
  }
  SetIfEmpty({0.1, 2.0}, blur->mutable_sigma());
  const std::string sigma = List(blur->sigma());
  if (blur->sigma_size() == 1) blur->add_sigma(blur->sigma(0));
  if (!IsRange(blur->sigma(), 0, kMaxFactor) || blur->sigma(0) == 0) {
    return rules->Wrong(
        absl::StrCat("sigma ", sigma,
                     " is no range; give one or two values, 0 < lower <= "
                     "upper <= ",
                     kMaxFactor));
  }
  return absl::OkStatus();
}

absl::Status Check(TransformRules* rules, v1::RandomInvert* invert) {
  return CheckChange(rules, 0.5, invert);
}

absl::Status Check(TransformRules* rules, v1::RandomPosterize* posterize) {
  MILLRACE_RETURN_IF_ERROR(
      CheckGiven(*rules, "bits", posterize->has_bits(), posterize->bits(), 8));
  return CheckChange(rules, 0.5, posterize);
}

absl::Status Check(TransformRules* rules, v1::RandomSolarize* solarize) {
  MILLRACE_RETURN_IF_ERROR(CheckGiven(*rules, "threshold",
                                      solarize->has_threshold(),
                                      solarize->threshold(), 256));
  solarize->set_threshold(solarize->threshold() + 0.0);
  return CheckChange(rules, 0.5, solarize);
}

absl::Status Check(TransformRules* rules,
                   v1::RandomAutocontrast* autocontrast) {
  return CheckChange(rules, 0.5, autocontrast);
}

absl::Status Check(TransformRules* rules, v1::RandomEqualize* equalize) {
  return CheckChange(rules, 0.5, equalize);
}

absl::Status Check(TransformRules* rules,
                   v1::RandomAdjustSharpness* sharpness) {
  MILLRACE_RETURN_IF_ERROR(
      CheckGiven(*rules, "sharpness_factor", sharpness->has_sharpness_factor(),
                 sharpness->sharpness_factor(), kMaxFactor));
  sharpness->set_sharpness_factor(sharpness->sharpness_factor() + 0.0);
  return CheckChange(rules, 0.5, sharpness);
}

std::unique_ptr<const TransformOp> Compile(const v1::ColorJitter& jitter) {
  return std::make_unique<ColorJitterOp>(jitter);
}

std::unique_ptr<const TransformOp> Compile(const v1::Grayscale&) {
  return Sometimes(1, Plain(ToGrayscale));
}

std::unique_ptr<const TransformOp> Compile(
    const v1::RandomGrayscale& grayscale) {
  return Sometimes(grayscale.p(), Plain(ToGrayscale));
}

std::unique_ptr<const TransformOp> Compile(const v1::GaussianBlur& blur) {
  return std::make_unique<GaussianBlurOp>(blur);
}

std::unique_ptr<const TransformOp> Compile(const v1::RandomInvert& invert) {
  return Sometimes(invert.p(), Plain(Invert));
}

std::unique_ptr<const TransformOp> Compile(
    const v1::RandomPosterize& posterize) {
  return Sometimes(posterize.p(), [bits = static_cast<int>(posterize.bits())](
                                      const ImageSpan& image, Image*) {
    Posterize(bits, image);
  });
}

std::unique_ptr<const TransformOp> Compile(const v1::RandomSolarize& solarize) {
  return Sometimes(solarize.p(), [threshold = solarize.threshold()](
                                     const ImageSpan& image, Image*) {
    Solarize(threshold, image);
  });
}

std::unique_ptr<const TransformOp> Compile(
    const v1::RandomAutocontrast& autocontrast) {
  return Sometimes(autocontrast.p(), Plain(AutoContrast));
}

std::unique_ptr<const TransformOp> Compile(const v1::RandomEqualize& equalize) {
  return Sometimes(equalize.p(), Plain(Equalize));
}

std::unique_ptr<const TransformOp> Compile(
    const v1::RandomAdjustSharpness& sharpness) {
  return Sometimes(sharpness.p(), [factor = sharpness.sharpness_factor()](
                                      const ImageSpan& image, Image* spare) {
    AdjustSharpness(factor, image, spare);
  });
}

}  // namespace millrace
