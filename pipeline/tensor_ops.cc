#include "pipeline/tensor_ops.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace millrace {

namespace {

// Of mean, std and 1 / std: keeps (value - mean) / std well inside of float32.
constexpr double kMaxMoment = 1e6;

// "INT64"; the number of one that this version does not know.
std::string NameOf(v1::DType dtype) {
  return v1::DType_IsValid(dtype) ? v1::DType_Name(dtype)
                                  : absl::StrCat(static_cast<int>(dtype));
}

bool IsFloat(v1::DType dtype) {
  return dtype == v1::FLOAT32 || dtype == v1::FLOAT16 || dtype == v1::BFLOAT16;
}

}  // namespace

absl::Status Check(TransformRules* rules, v1::ToDtype* to_dtype) {
  TransformRules::State& state = rules->state();
  if (!state.to_dtype_where.empty()) {
    return rules->Wrong(
        absl::StrCat("comes after ", state.to_dtype_where, "; convert once"));
  }
  if (to_dtype->dtype() != v1::UINT8 && !IsFloat(to_dtype->dtype())) {
    const bool is_set = to_dtype->dtype() != v1::DTYPE_UNSPECIFIED;
    const std::string what =
        is_set ? absl::StrCat("dtype ", NameOf(to_dtype->dtype()),
                              " is not for images")
               : "dtype must be set";
    return rules->Wrong(
        absl::StrCat(what, "; use UINT8, FLOAT32, FLOAT16 or BFLOAT16"));
  }
  state.dtype = to_dtype->dtype();
  if (state.dtype == v1::UINT8) to_dtype->set_scale(false);
  state.to_dtype_where = rules->where();
  return absl::OkStatus();
}

absl::Status Check(TransformRules* rules, v1::Normalize* normalize) {
  TransformRules::State& state = rules->state();
  if (state.normalized)
    return rules->Wrong("comes twice; combine mean and std into one");
  if (!IsFloat(state.dtype)) {
    return rules->Wrong(
        "works on floats; put to_dtype {dtype: FLOAT32 scale: true} "
        "before it");
  }
  if (normalize->mean_size() != rules->subject().channels ||
      normalize->std_size() != rules->subject().channels) {
    return rules->Wrong(absl::StrCat(
        normalize->mean_size(), " values of mean and ", normalize->std_size(),
        " of std; give one of each for each channel, ",
        rules->subject().channels));
  }
  if (!AllWithin(normalize->mean(), -kMaxMoment, kMaxMoment)) {
    return rules->Wrong(absl::StrCat("mean ", List(normalize->mean()),
                                     " is out of range; give values of up to ",
                                     kMaxMoment));
  }
  if (!AllWithin(normalize->std(), 1 / kMaxMoment, kMaxMoment)) {
    return rules->Wrong(absl::StrCat("std ", List(normalize->std()),
                                     " cannot divide; give values of ",
                                     1 / kMaxMoment, " to ", kMaxMoment));
  }
  DropSignsOfZero(normalize->mutable_mean());
  state.normalized = true;
  return absl::OkStatus();
}

absl::Status Check(TransformRules* rules, v1::OneHot* one_hot) {
  TransformRules::State& state = rules->state();
  if (state.one_hot) return rules->Wrong("comes twice; once is enough");
  state.one_hot = true;
  if (!one_hot->has_num_classes()) {
    one_hot->set_num_classes(rules->subject().categories);
    if (one_hot->num_classes() == 0) {
      return rules->Wrong("the dataset has no categories; set num_classes");
    }
  }
  const uint32_t classes = one_hot->num_classes();
  if (!rules->subject().labelled) {
    return rules->Wrong(
        "no sample of the dataset has a label, only annotations have; leave it "
        "out");
  }
  if (classes == 0)
    return rules->Wrong("num_classes 0 is out of range; give 1 or more");
  if (classes < rules->subject().categories) {
    return rules->Wrong(absl::StrCat(
        "num_classes ", classes, " is fewer than the dataset's categories, ",
        rules->subject().categories, "; leave it out"));
  }
  return absl::OkStatus();
}

absl::Status Check(TransformRules* rules, v1::LabelSmoothing* smoothing) {
  TransformRules::State& state = rules->state();
  if (state.smoothed) return rules->Wrong("comes twice; once is enough");
  if (!state.one_hot) return rules->Wrong("needs rows; put one_hot before it");
  state.smoothed = true;
  const double alpha = smoothing->has_alpha() ? smoothing->alpha() : 0.1;
  if (!(alpha >= 0 && alpha <= 1)) {
    return rules->Wrong(absl::StrCat("alpha ", alpha,
                                     " is no share; give 0 to "
                                     "1"));
  }
  smoothing->set_alpha(alpha + 0.0);
  return absl::OkStatus();
}

std::unique_ptr<const TransformOp> Compile(const v1::ToDtype&) {
  return nullptr;
}

std::unique_ptr<const TransformOp> Compile(const v1::Normalize&) {
  return nullptr;
}

std::unique_ptr<const TransformOp> Compile(const v1::OneHot&) {
  return nullptr;
}

std::unique_ptr<const TransformOp> Compile(const v1::LabelSmoothing&) {
  return nullptr;
}

}  // namespace millrace
