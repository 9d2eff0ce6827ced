#include "pipeline/transform_rules.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"

namespace millrace {

namespace {

using Doubles = google::protobuf::RepeatedField<double>;
using Sizes = google::protobuf::RepeatedField<uint32_t>;

// A crop of a wider ratio than this is a line.
constexpr double kMaxRatio = 1000;
// Of mean, std and 1 / std: keeps (value - mean) / std well inside of float32.
constexpr double kMaxMoment = 1e6;

std::string NameOf(const v1::Transform& transform) {
  const auto* field = v1::Transform::descriptor()->FindFieldByNumber(
      static_cast<int>(transform.op_case()));
  return field == nullptr ? "" : std::string(field->name());
}

// One value means a square.
void WriteBothSides(Sizes* size) {
  if (size->size() == 1) size->Add(size->Get(0));
}

void SetIfEmpty(std::pair<double, double> defaults, Doubles* values) {
  if (!values->empty()) return;
  values->Add(defaults.first);
  values->Add(defaults.second);
}

// -0 and 0 mean the same and must have the same bytes.
void DropSignsOfZero(Doubles* values) {
  for (double& value : *values) value += 0.0;
}

// False for values that are no numbers.
bool AllWithin(const Doubles& values, double lowest, double highest) {
  return std::all_of(values.begin(), values.end(), [&](double value) {
    return lowest <= value && value <= highest;
  });
}

// Two values in ascending order, within [lowest, highest].
bool IsRange(const Doubles& values, double lowest, double highest) {
  return values.size() == 2 && AllWithin(values, lowest, highest) &&
         values[0] <= values[1];
}

std::string List(const Doubles& values) {
  return absl::StrCat("[", absl::StrJoin(values, ", "), "]");
}

}  // namespace

absl::Status TransformRules::Wrong(absl::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat(where_, ": ", what));
}

absl::Status TransformRules::Apply(int place, v1::Transform* transform) {
  where_ = absl::StrCat("transforms[", place, "] ", NameOf(*transform));
  switch (transform->op_case()) {
    case v1::Transform::kResize:
      return Check(transform->mutable_resize());
    case v1::Transform::kCenterCrop:
      return Check(transform->mutable_center_crop());
    case v1::Transform::kRandomResizedCrop:
      return Check(transform->mutable_random_resized_crop());
    case v1::Transform::kRandomHorizontalFlip:
      return Check(transform->mutable_random_horizontal_flip());
    case v1::Transform::kToDtype:
      return Check(transform->mutable_to_dtype());
    case v1::Transform::kNormalize:
      return Check(transform->mutable_normalize());
    case v1::Transform::kOneHot:
      return Check(transform->mutable_one_hot());
    case v1::Transform::OP_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("transforms[", place,
                   "]: names no transform; set one of resize, center_crop, "
                   "random_resized_crop, random_horizontal_flip, to_dtype, "
                   "normalize, one_hot"));
}

absl::Status TransformRules::CheckSize(const Sizes& size) const {
  if (size.size() != 1 && size.size() != 2) {
    return Wrong(absl::StrCat("size has ", size.size(),
                              " values; give one, or height and width"));
  }
  for (const uint32_t side : size) {
    if (side == 0 || side > limits_.max_side) {
      return Wrong(absl::StrCat("size ", side, " is out of range; give 1 to ",
                                limits_.max_side, " pixels"));
    }
  }
  return absl::OkStatus();
}

absl::Status TransformRules::CheckBefore8BitEnds() const {
  if (to_dtype_where_.empty()) return absl::OkStatus();
  return Wrong(absl::StrCat("comes after ", to_dtype_where_,
                            "; pixels are cropped and resized as 8-bit "
                            "values, so put it before"));
}

absl::Status TransformRules::CheckInterpolation(
    v1::Interpolation* interpolation) const {
  if (*interpolation == v1::INTERPOLATION_UNSPECIFIED) {
    *interpolation = v1::BILINEAR;
  }
  if (v1::Interpolation_IsValid(*interpolation)) return absl::OkStatus();
  return Wrong(absl::StrCat("interpolation ", static_cast<int>(*interpolation),
                            " is unknown; use NEAREST, BILINEAR or BICUBIC"));
}

absl::Status TransformRules::Check(v1::Resize* resize) {
  MILLRACE_RETURN_IF_ERROR(CheckBefore8BitEnds());
  MILLRACE_RETURN_IF_ERROR(CheckSize(resize->size()));
  auto interpolation = resize->interpolation();
  MILLRACE_RETURN_IF_ERROR(CheckInterpolation(&interpolation));
  resize->set_interpolation(interpolation);
  const uint32_t max_size = resize->max_size();
  if (max_size == 0) return absl::OkStatus();
  if (resize->size_size() == 2) {
    return Wrong(
        "max_size goes with one value of size; with two, leave it out");
  }
  if (max_size <= resize->size(0) || max_size > limits_.max_side) {
    return Wrong(absl::StrCat(
        "max_size ", max_size, " is out of range; it must be above size, ",
        resize->size(0), ", and at most ", limits_.max_side));
  }
  return absl::OkStatus();
}

absl::Status TransformRules::Check(v1::CenterCrop* crop) {
  MILLRACE_RETURN_IF_ERROR(CheckBefore8BitEnds());
  MILLRACE_RETURN_IF_ERROR(CheckSize(crop->size()));
  WriteBothSides(crop->mutable_size());
  return absl::OkStatus();
}

absl::Status TransformRules::Check(v1::RandomResizedCrop* crop) {
  MILLRACE_RETURN_IF_ERROR(CheckBefore8BitEnds());
  MILLRACE_RETURN_IF_ERROR(CheckSize(crop->size()));
  WriteBothSides(crop->mutable_size());
  auto interpolation = crop->interpolation();
  MILLRACE_RETURN_IF_ERROR(CheckInterpolation(&interpolation));
  crop->set_interpolation(interpolation);

  SetIfEmpty({0.08, 1.0}, crop->mutable_scale());
  SetIfEmpty({3.0 / 4.0, 4.0 / 3.0}, crop->mutable_ratio());
  if (!IsRange(crop->scale(), 0, 1) || crop->scale(1) == 0) {
    return Wrong(absl::StrCat("scale ", List(crop->scale()),
                              " is no range; give two shares of the area, "
                              "0 <= lower <= upper <= 1, upper above 0"));
  }
  if (!IsRange(crop->ratio(), 1 / kMaxRatio, kMaxRatio)) {
    return Wrong(absl::StrCat("ratio ", List(crop->ratio()),
                              " is no range; give two values of width / "
                              "height, ",
                              1 / kMaxRatio,
                              " <= lower <= upper <= ", kMaxRatio));
  }
  DropSignsOfZero(crop->mutable_scale());
  return absl::OkStatus();
}

absl::Status TransformRules::Check(v1::RandomHorizontalFlip* flip) {
  const double p = flip->has_p() ? flip->p() : 0.5;
  if (!(p >= 0 && p <= 1)) {
    return Wrong(absl::StrCat("p ", p, " is no probability; give 0 to 1"));
  }
  flip->set_p(p + 0.0);
  return absl::OkStatus();
}

absl::Status TransformRules::Check(v1::ToDtype* to_dtype) {
  if (!to_dtype_where_.empty()) {
    return Wrong(
        absl::StrCat("comes after ", to_dtype_where_, "; convert once"));
  }
  if (to_dtype->dtype() != v1::UINT8 && to_dtype->dtype() != v1::FLOAT32) {
    return Wrong(absl::StrCat("dtype ", static_cast<int>(to_dtype->dtype()),
                              " is not for images; use UINT8 or FLOAT32"));
  }
  dtype_ = to_dtype->dtype();
  if (dtype_ == v1::UINT8) to_dtype->set_scale(false);
  to_dtype_where_ = where_;
  return absl::OkStatus();
}

absl::Status TransformRules::Check(v1::Normalize* normalize) {
  if (normalized_) return Wrong("comes twice; combine mean and std into one");
  if (dtype_ != v1::FLOAT32) {
    return Wrong(
        "works on FLOAT32; put to_dtype {dtype: FLOAT32 scale: true} "
        "before it");
  }
  if (normalize->mean_size() != subject_.channels ||
      normalize->std_size() != subject_.channels) {
    return Wrong(absl::StrCat(
        normalize->mean_size(), " values of mean and ", normalize->std_size(),
        " of std; give one of each for each channel, ", subject_.channels));
  }
  if (!AllWithin(normalize->mean(), -kMaxMoment, kMaxMoment)) {
    return Wrong(absl::StrCat("mean ", List(normalize->mean()),
                              " is out of range; give values of up to ",
                              kMaxMoment));
  }
  if (!AllWithin(normalize->std(), 1 / kMaxMoment, kMaxMoment)) {
    return Wrong(absl::StrCat("std ", List(normalize->std()),
                              " cannot divide; give values of ", 1 / kMaxMoment,
                              " to ", kMaxMoment));
  }
  DropSignsOfZero(normalize->mutable_mean());
  normalized_ = true;
  return absl::OkStatus();
}

absl::Status TransformRules::Check(v1::OneHot* one_hot) {
  if (one_hot_) return Wrong("comes twice; once is enough");
  one_hot_ = true;
  if (one_hot->num_classes() == 0) {
    one_hot->set_num_classes(subject_.categories);
  }
  const uint32_t classes = one_hot->num_classes();
  if (classes == 0) {
    return Wrong("the dataset has no categories; set num_classes");
  }
  if (classes < subject_.categories) {
    return Wrong(absl::StrCat("num_classes ", classes,
                              " is fewer than the dataset's categories, ",
                              subject_.categories, "; leave it out"));
  }
  return absl::OkStatus();
}

}  // namespace millrace
