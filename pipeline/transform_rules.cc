#include "pipeline/transform_rules.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "pipeline/transform_catalogue.h"

namespace millrace {

namespace {

const google::protobuf::OneofDescriptor& Ops() {
  return *v1::Transform::descriptor()->oneof_decl(0);
}

std::string NamesOfAll() {
  std::vector<std::string> names;
  for (int i = 0; i < Ops().field_count(); ++i) {
    names.push_back(Ops().field(i)->name());
  }
  return absl::StrJoin(names, ", ");
}

}  // namespace

std::string NameOf(const v1::Transform& transform) {
  return v1::Transform::descriptor()
      ->FindFieldByNumber(static_cast<int>(transform.op_case()))
      ->name();
}

absl::Status TransformRules::Apply(int place, v1::Transform* transform) {
  where_ = absl::StrCat("transforms[", place, "]");
  if (transform->op_case() == v1::Transform::OP_NOT_SET) {
    return Wrong(absl::StrCat("names no transform; set one of ", NamesOfAll()));
  }
  absl::StrAppend(&where_, " ", NameOf(*transform));
  MILLRACE_RETURN_IF_ERROR(CheckOrder(*transform));
  return VisitTransform(transform,
                        [this](auto* op) { return Check(this, op); });
}

absl::Status TransformRules::CheckOrder(const v1::Transform& transform) const {
  const auto op = transform.op_case();
  if (op == v1::Transform::kMixUp || op == v1::Transform::kCutMix ||
      op == v1::Transform::kMosaic || op == v1::Transform::kCopyPaste) {
    return absl::OkStatus();
  }
  if (!state_.mixed_where.empty()) {
    return Wrong(absl::StrCat("comes after ", state_.mixed_where,
                              ", which mixes finished samples; put it before"));
  }
  if (op == v1::Transform::kRandomErasing || op == v1::Transform::kOneHot ||
      op == v1::Transform::kLabelSmoothing || state_.finished_where.empty()) {
    return absl::OkStatus();
  }
  return Wrong(absl::StrCat("comes after ", state_.finished_where,
                            ", which works on finished tensors; put it "
                            "before"));
}

absl::Status TransformRules::Wrong(absl::string_view what) const {
  return absl::InvalidArgumentError(absl::StrCat(where_, ": ", what));
}

absl::Status TransformRules::CheckSize(const Sizes& size,
                                       absl::string_view name) const {
  if (size.size() != 1 && size.size() != 2) {
    return Wrong(absl::StrCat(name, " has ", size.size(),
                              " values; give one, or height and width"));
  }
  for (const uint32_t side : size) {
    MILLRACE_RETURN_IF_ERROR(CheckSide(side, name));
  }
  return absl::OkStatus();
}

absl::Status TransformRules::CheckSide(uint32_t side,
                                       absl::string_view name) const {
  if (side > 0 && side <= limits_.max_side) return absl::OkStatus();
  return Wrong(absl::StrCat(name, " ", side, " is out of range; give 1 to ",
                            limits_.max_side, " pixels"));
}

absl::Status TransformRules::CheckFill(uint32_t fallback, Sizes* fill) const {
  if (fill->empty()) fill->Add(fallback);
  if (fill->size() == 1)
    fill->Resize(subject_.channels, uint32_t{fill->Get(0)});
  if (fill->size() != subject_.channels) {
    return Wrong(absl::StrCat("fill has ", fill->size(),
                              " values; give one, or one for each channel, ",
                              subject_.channels));
  }
  for (const uint32_t value : *fill) {
    if (value <= 255) continue;
    return Wrong(
        absl::StrCat("fill ", value, " is no 8-bit value; give 0 to 255"));
  }
  return absl::OkStatus();
}

absl::Status TransformRules::CheckPaddingMode(v1::PaddingMode mode) const {
  if (v1::PaddingMode_IsValid(mode)) return absl::OkStatus();
  return Wrong(
      absl::StrCat("padding_mode ", static_cast<int>(mode),
                   " is unknown; use CONSTANT, EDGE, REFLECT or SYMMETRIC"));
}

absl::Status TransformRules::CheckAnnotated() const {
  return subject_.annotated
             ? absl::OkStatus()
             : Wrong(
                   "works on boxes, and the dataset has no annotations; "
                   "leave it out");
}

absl::Status TransformRules::CheckBefore8BitEnds() const {
  if (state_.to_dtype_where.empty()) return absl::OkStatus();
  return Wrong(absl::StrCat("comes after ", state_.to_dtype_where,
                            "; images are changed as 8-bit values, so put it "
                            "before"));
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
