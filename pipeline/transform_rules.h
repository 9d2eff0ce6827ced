// Checks a plan's transforms one after the other and writes out their defaults.
// What is peculiar to one transform is checked by its family (transform_op.h),
// with the helpers of this class.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "millrace/v1/plan.pb.h"
#include "pipeline/plan_limits.h"
#include "pipeline/plan_values.h"

namespace millrace {

// "center_crop". The transform names one.
std::string NameOf(const v1::Transform& transform);

// Used for one plan, from its first transform to its last.
class TransformRules {
 public:
  // Of the images and labels that transforms work on.
  struct Subject {
    int channels = 3;
    uint32_t categories = 0;
    bool labelled = false;   // Samples of the dataset are.
    bool annotated = false;  // The dataset is; next, what the batch has of it.
    bool boxes = false;
    bool masks = false;
  };

  // What earlier transforms have made of the tensors.
  struct State {
    std::string to_dtype_where;  // Empty: pixels are 8-bit values.
    v1::DType dtype = v1::UINT8;
    bool normalized = false;
    bool one_hot = false;
    bool smoothed = false;
    // The first transform of finished tensors, and the first of finished
    // samples; empty: none yet.
    std::string finished_where;
    std::string mixed_where;
    uint32_t mixing_group = 0;
  };

  TransformRules(const Subject& subject, const PlanLimits& limits)
      : subject_(subject), limits_(limits) {}

  // INVALID_ARGUMENT, or makes *transform canonical.
  absl::Status Apply(int place, v1::Transform* transform);

  const Subject& subject() const { return subject_; }
  const PlanLimits& limits() const { return limits_; }
  // "transforms[2] center_crop".
  const std::string& where() const { return where_; }
  State& state() { return state_; }

  // INVALID_ARGUMENT: where() and `what`.
  absl::Status Wrong(absl::string_view what) const;

  // For transforms that choose by annotations.
  absl::Status CheckAnnotated() const;
  // For transforms that work on 8-bit pixels.
  absl::Status CheckBefore8BitEnds() const;
  // One or two sides.
  absl::Status CheckSize(const Sizes& size,
                         absl::string_view name = "size") const;
  absl::Status CheckSide(uint32_t side, absl::string_view name) const;
  // Becomes one value a channel.
  absl::Status CheckFill(uint32_t fallback, Sizes* fill) const;
  absl::Status CheckPaddingMode(v1::PaddingMode mode) const;
  // Sets the `interpolation` of a message to `fallback` if it has none.
  template <typename Message>
  absl::Status CheckInterpolation(v1::Interpolation fallback,
                                  Message* message) const {
    if (message->interpolation() == v1::INTERPOLATION_UNSPECIFIED) {
      message->set_interpolation(fallback);
    }
    return CheckIsInterpolation(message->interpolation());
  }
  // Sets the `p` of a message to `fallback` if it has none.
  template <typename Message>
  absl::Status CheckProbability(double fallback, Message* message) const {
    const double p = message->has_p() ? message->p() : fallback;
    message->set_p(p + 0.0);
    return CheckIsProbability(p);
  }

 private:
  // Nothing that changes images comes after what works on finished tensors,
  // and nothing but mixing after what mixes samples.
  absl::Status CheckOrder(const v1::Transform& transform) const;
  absl::Status CheckIsInterpolation(v1::Interpolation interpolation) const;
  absl::Status CheckIsProbability(double p) const;

  const Subject subject_;
  const PlanLimits limits_;
  std::string where_;
  State state_;
};

}  // namespace millrace
