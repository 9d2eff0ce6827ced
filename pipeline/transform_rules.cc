#include "pipeline/transform_rules.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "pipeline/transform_catalogue.h"

namespace millrace {

namespace {

const google::protobuf::OneofDescriptor& Ops() {
  return *v1::Transform::descriptor()->oneof_decl(0);
}

std::string NameOf(const v1::Transform& transform) {
  return v1::Transform::descriptor()
      ->FindFieldByNumber(static_cast<int>(transform.op_case()))
      ->name();
}

std::string NamesOfAll() {
  std::vector<std::string> names;
  for (int i = 0; i < Ops().field_count(); ++i) {
    names.push_back(Ops().field(i)->name());
  }
  return absl::StrJoin(names, ", ");
}

}  // namespace

absl::Status TransformRules::Apply(int place, v1::Transform* transform) {
  where_ = absl::StrCat("transforms[", place, "]");
  if (transform->op_case() == v1::Transform::OP_NOT_SET) {
    return Wrong(absl::StrCat("names no transform; set one of ", NamesOfAll()));
  }
  absl::StrAppend(&where_, " ", NameOf(*transform));
  return VisitTransform(transform,
                        [this](auto* op) { return Check(this, op); });
}

absl::Status TransformRules::Wrong(absl::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat(where_, ": ", what));
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
  if (state_.to_dtype_where.empty()) return absl::OkStatus();
  return Wrong(absl::StrCat("comes after ", state_.to_dtype_where,
                            "; pixels are cropped and resized as 8-bit "
                            "values, so put it before"));
}

absl::Status TransformRules::CheckIsInterpolation(
    v1::Interpolation interpolation) const {
  if (v1::Interpolation_IsValid(interpolation)) return absl::OkStatus();
  return Wrong(absl::StrCat("interpolation ", static_cast<int>(interpolation),
                            " is unknown; use NEAREST, BILINEAR or BICUBIC"));
}

absl::Status TransformRules::CheckIsProbability(double p) const {
  if (p >= 0 && p <= 1) return absl::OkStatus();
  return Wrong(absl::StrCat("p ", p, " is no probability; give 0 to 1"));
}

}  // namespace millrace
