#include "pipeline/augment_ops.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "pipeline/augmentations.h"
#include "pipeline/auto_augment_policies.h"

namespace millrace {

namespace {

constexpr uint32_t kMaxOps = 100;
constexpr uint32_t kMaxBins = 1000;

template <typename Message>
AugmentationStyle StyleOf(const Message& message) {
  return {ToInterpolation(message.interpolation()), FillOf(message.fill())};
}

Augmentation AnyOf(RandomDraws* draws) {
  return static_cast<Augmentation>(draws->Below(kRandomAugmentations));
}

// Draws the sign, where there is one.
double Signed(Augmentation augmentation, double magnitude, RandomDraws* draws) {
  if (!IsSigned(augmentation)) return magnitude;
  return draws->Below(2) == 1 ? -magnitude : magnitude;
}

class RandAugmentOp final : public TransformOp {
 public:
  explicit RandAugmentOp(const v1::RandAugment& augment)
      : ops_(static_cast<int>(augment.num_ops())),
        bin_(static_cast<int>(augment.magnitude())),
        bins_(static_cast<int>(augment.num_magnitude_bins())),
        style_(StyleOf(augment)) {}

  void Add(RandomDraws* draws, SampleProgram* program) const override {
    for (int i = 0; i < ops_; ++i) {
      const Augmentation augmentation = AnyOf(draws);
      const double magnitude = MagnitudeOf(augmentation, kAugmentationLimits,
                                           bin_, bins_, program->size());
      Augment(augmentation, Signed(augmentation, magnitude, draws), style_,
              program);
    }
  }

 private:
  const int ops_;
  const int bin_;
  const int bins_;
  const AugmentationStyle style_;
};

class TrivialAugmentWideOp final : public TransformOp {
 public:
  explicit TrivialAugmentWideOp(const v1::TrivialAugmentWide& augment)
      : bins_(static_cast<int>(augment.num_magnitude_bins())),
        style_(StyleOf(augment)) {}

  void Add(RandomDraws* draws, SampleProgram* program) const override {
    const Augmentation augmentation = AnyOf(draws);
    const double magnitude =
        MagnitudeOf(augmentation, kWideAugmentationLimits, draws->Below(bins_),
                    bins_, program->size());
    Augment(augmentation, Signed(augmentation, magnitude, draws), style_,
            program);
  }

 private:
  const int bins_;
  const AugmentationStyle style_;
};

class AutoAugmentOp final : public TransformOp {
 public:
  explicit AutoAugmentOp(const v1::AutoAugment& augment)
      : policies_(PoliciesOf(augment.policy())), style_(StyleOf(augment)) {}

  void Add(RandomDraws* draws, SampleProgram* program) const override {
    const auto& policy =
        policies_[draws->Below(static_cast<int>(policies_.size()))];
    for (const auto& [augmentation, probability, bin] : policy) {
      if (draws->Uniform() >= probability) continue;
      const double magnitude =
          MagnitudeOf(augmentation, kAugmentationLimits, bin, kAutoAugmentBins,
                      program->size());
      Augment(augmentation, Signed(augmentation, magnitude, draws), style_,
              program);
    }
  }

 private:
  const AutoAugmentPolicies& policies_;
  const AugmentationStyle style_;
};

template <typename Message>
absl::Status CheckAugment(TransformRules* rules, Message* augment) {
  MILLRACE_RETURN_IF_ERROR(rules->CheckBefore8BitEnds());
  MILLRACE_RETURN_IF_ERROR(rules->CheckFill(0, augment->mutable_fill()));
  return rules->CheckInterpolation(v1::NEAREST, augment);
}

template <typename Message>
absl::Status CheckBins(const TransformRules& rules, Message* augment) {
  if (!augment->has_num_magnitude_bins()) augment->set_num_magnitude_bins(31);
  const uint32_t bins = augment->num_magnitude_bins();
  if (bins >= 2 && bins <= kMaxBins) return absl::OkStatus();
  return rules.Wrong(absl::StrCat("num_magnitude_bins ", bins,
                                  " is out of range; give 2 to ", kMaxBins));
}

}  // namespace

absl::Status Check(TransformRules* rules, v1::RandAugment* augment) {
  MILLRACE_RETURN_IF_ERROR(CheckBins(*rules, augment));
  if (!augment->has_num_ops()) augment->set_num_ops(2);
  if (augment->num_ops() > kMaxOps) {
    return rules->Wrong(absl::StrCat("num_ops ", augment->num_ops(),
                                     " is out of range; give 0 to ", kMaxOps));
  }
  if (!augment->has_magnitude()) augment->set_magnitude(9);
  if (augment->magnitude() >= augment->num_magnitude_bins()) {
    return rules->Wrong(absl::StrCat(
        "magnitude ", augment->magnitude(), " is out of range; give 0 to ",
        augment->num_magnitude_bins() - 1, ", below num_magnitude_bins"));
  }
  return CheckAugment(rules, augment);
}

absl::Status Check(TransformRules* rules, v1::TrivialAugmentWide* augment) {
  MILLRACE_RETURN_IF_ERROR(CheckBins(*rules, augment));
  return CheckAugment(rules, augment);
}

absl::Status Check(TransformRules* rules, v1::AutoAugment* augment) {
  if (!v1::AutoAugment::Policy_IsValid(augment->policy())) {
    return rules->Wrong(
        absl::StrCat("policy ", static_cast<int>(augment->policy()),
                     " is unknown; use IMAGENET, CIFAR10 or SVHN"));
  }
  return CheckAugment(rules, augment);
}

std::unique_ptr<const TransformOp> Compile(const v1::RandAugment& augment) {
  return std::make_unique<RandAugmentOp>(augment);
}

std::unique_ptr<const TransformOp> Compile(
    const v1::TrivialAugmentWide& augment) {
  return std::make_unique<TrivialAugmentWideOp>(augment);
}

std::unique_ptr<const TransformOp> Compile(const v1::AutoAugment& augment) {
  return std::make_unique<AutoAugmentOp>(augment);
}

}  // namespace millrace
