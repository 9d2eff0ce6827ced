#include "pipeline/erasing_ops.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "pipeline/distributions.h"
#include "pipeline/portable_math.h"

namespace millrace {

namespace {

constexpr double kMaxRatio = 1000;
constexpr double kMaxValue = 1e6;

// Noise for each value of an image, in any order.
class Noise {
 public:
  Noise(uint64_t seed, const PackedLayout& layout)
      : seed_(seed), layout_(layout) {}

  float operator()(int x, int y, int c) const {
    RandomDraws draws({.seed = seed_, .position = layout_.At(x, y, c)});
    return layout_.type == PixelType::kUint8
               ? static_cast<float>(draws.Bits() >> 56)
               : static_cast<float>(NormalOf(&draws));
  }

 private:
  const uint64_t seed_;
  const PackedLayout& layout_;
};

bool IsByte(double value) {
  return value >= 0 && value <= 255 && value == std::floor(value);
}

absl::Status CheckValues(const TransformRules& rules,
                         const v1::RandomErasing& erasing, bool bytes) {
  const Doubles& values = erasing.value();
  if (erasing.random() && !values.empty()) {
    return rules.Wrong("has both value and random; leave one out");
  }
  if (values.size() > 1 && values.size() != rules.subject().channels) {
    return rules.Wrong(absl::StrCat("value has ", values.size(),
                                    " numbers; give one, or one for each ",
                                    "channel, ", rules.subject().channels));
  }
  if (bytes && !std::ranges::all_of(values, IsByte)) {
    return rules.Wrong(absl::StrCat("value ", List(values),
                                    " is not for UINT8 images; give whole "
                                    "numbers of 0 to 255"));
  }
  if (!AllWithin(values, -kMaxValue, kMaxValue)) {
    return rules.Wrong(absl::StrCat("value ", List(values),
                                    " is out of range; give numbers of up to ",
                                    kMaxValue));
  }
  return absl::OkStatus();
}

}  // namespace

RandomErasingOp::RandomErasingOp(const v1::RandomErasing& erasing)
    : probability_(erasing.p()),
      scale_{erasing.scale(0), erasing.scale(1)},
      log_ratio_{PortableLog(erasing.ratio(0)), PortableLog(erasing.ratio(1))},
      random_(erasing.random()),
      value_{} {
  for (int c = 0; c < erasing.value_size(); ++c) {
    value_[c] = static_cast<float>(erasing.value(c));
  }
}

std::optional<Rect> RandomErasingOp::PartOf(const ImageSize& size,
                                            RandomDraws* draws) const {
  constexpr int kTries = 10;
  const double area = static_cast<double>(size.width) * size.height;
  for (int i = 0; i < kTries; ++i) {
    const double target = area * draws->Uniform(scale_[0], scale_[1]);
    const double aspect =
        PortableExp(draws->Uniform(log_ratio_[0], log_ratio_[1]));
    const double height = RoundHalfEven(std::sqrt(target * aspect));
    const double width = RoundHalfEven(std::sqrt(target / aspect));
    const double top = draws->Uniform();
    const double left = draws->Uniform();
    if (width >= size.width || height >= size.height) continue;
    return Rect{static_cast<int>(left * (size.width - width + 1)),
                static_cast<int>(top * (size.height - height + 1)),
                static_cast<int>(width), static_cast<int>(height)};
  }
  return std::nullopt;
}

void RandomErasingOp::Add(RandomDraws* draws, SampleProgram* program) const {
  if (draws->Uniform() >= probability_) return;
  const std::optional<Rect> part = PartOf(program->size(), draws);
  if (!part) return;
  if (random_) {
    program->ChangePacked([part = *part, seed = draws->Bits()](
                              const PackedLayout& layout, void* image) {
      Fill(layout, part, Noise(seed, layout), image);
    });
  } else {
    program->ChangePacked([part = *part, value = value_](
                              const PackedLayout& layout, void* image) {
      Fill(
          layout, part, [&value](int, int, int c) { return value[c]; }, image);
    });
  }
}

absl::Status Check(TransformRules* rules, v1::RandomErasing* erasing) {
  MILLRACE_RETURN_IF_ERROR(rules->CheckProbability(0.5, erasing));
  SetIfEmpty({0.02, 0.33}, erasing->mutable_scale());
  SetIfEmpty({0.3, 3.3}, erasing->mutable_ratio());
  if (!IsRange(erasing->scale(), 0, 1)) {
    return rules->Wrong(
        absl::StrCat("scale ", List(erasing->scale()),
                     " is no range; give two shares of the area, 0 <= lower "
                     "<= upper <= 1"));
  }
  if (!IsRange(erasing->ratio(), 1 / kMaxRatio, kMaxRatio)) {
    return rules->Wrong(
        absl::StrCat("ratio ", List(erasing->ratio()),
                     " is no range; give two values of height / width, ",
                     1 / kMaxRatio, " <= lower <= upper <= ", kMaxRatio));
  }
  MILLRACE_RETURN_IF_ERROR(
      CheckValues(*rules, *erasing, rules->state().dtype == v1::UINT8));
  if (!erasing->random()) {
    Doubles* values = erasing->mutable_value();
    SetIfEmpty({0}, values);
    while (values->size() < rules->subject().channels)
      values->Add((*values)[0]);
    DropSignsOfZero(values);
  }
  DropSignsOfZero(erasing->mutable_scale());
  rules->state().finished_where = rules->where();
  return absl::OkStatus();
}

std::unique_ptr<const TransformOp> Compile(const v1::RandomErasing& erasing) {
  return std::make_unique<RandomErasingOp>(erasing);
}

}  // namespace millrace
