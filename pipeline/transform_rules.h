// Checks a plan's transforms one after the other and writes out their defaults.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "millrace/v1/plan.pb.h"
#include "pipeline/plan_limits.h"

namespace millrace {

// Used for one plan, from its first transform to its last.
class TransformRules {
 public:
  // Of the images and labels that transforms work on.
  struct Subject {
    int channels = 3;
    uint32_t categories = 0;
  };

  TransformRules(const Subject& subject, const PlanLimits& limits)
      : subject_(subject), limits_(limits) {}

  // INVALID_ARGUMENT, or makes *transform canonical.
  absl::Status Apply(int place, v1::Transform* transform);

 private:
  absl::Status Check(v1::Resize* resize);
  absl::Status Check(v1::CenterCrop* crop);
  absl::Status Check(v1::RandomResizedCrop* crop);
  absl::Status Check(v1::RandomHorizontalFlip* flip);
  absl::Status Check(v1::ToDtype* to_dtype);
  absl::Status Check(v1::Normalize* normalize);
  absl::Status Check(v1::OneHot* one_hot);

  absl::Status CheckSize(
      const google::protobuf::RepeatedField<uint32_t>& size) const;
  absl::Status CheckBefore8BitEnds() const;
  absl::Status CheckInterpolation(v1::Interpolation* interpolation) const;
  absl::Status Wrong(absl::string_view what) const;

  const Subject subject_;
  const PlanLimits limits_;
  std::string where_;  // "transforms[2] center_crop".
  std::string to_dtype_where_;
  v1::DType dtype_ = v1::UINT8;
  bool normalized_ = false;
  bool one_hot_ = false;
};

}  // namespace millrace
