#include "pipeline/pad_ops.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "pipeline/portable_math.h"

namespace millrace {

namespace {

constexpr double kMaxZoom = 16;

PaddingMode ToPaddingMode(v1::PaddingMode mode) {
  switch (mode) {
    case v1::EDGE:
      return PaddingMode::kEdge;
    case v1::REFLECT:
      return PaddingMode::kReflect;
    case v1::SYMMETRIC:
      return PaddingMode::kSymmetric;
    default:
      return PaddingMode::kConstant;
  }
}

class PadOp : public TransformOp {
 public:
  explicit PadOp(const v1::Pad& pad)
      : borders_(BordersOf(pad.padding())),
        padding_(PaddingOf(pad.fill(), pad.padding_mode())) {}

  void Add(RandomDraws*, SampleProgram* program) const override {
    AddBorders(borders_, padding_, program);
  }

  std::optional<ImageSize> FixedSize(
      std::optional<ImageSize> input) const override {
    if (!input) return std::nullopt;
    return ImageSize{input->width + borders_.left + borders_.right,
                     input->height + borders_.top + borders_.bottom};
  }

 private:
  const Borders borders_;
  const Padding padding_;
};

class LetterBoxOp : public TransformOp {
 public:
  explicit LetterBoxOp(const v1::LetterBox& letter_box)
      : size_(SizeOf(letter_box.size())),
        padding_{PaddingMode::kConstant, FillOf(letter_box.fill())},
        interpolation_(ToInterpolation(letter_box.interpolation())) {}

  void Add(RandomDraws*, SampleProgram* program) const override {
    const double factor =
        std::min(static_cast<double>(size_.height) / program->height(),
                 static_cast<double>(size_.width) / program->width());
    const ImageSize inner = {Fitted(program->width() * factor, size_.width),
                             Fitted(program->height() * factor, size_.height)};
    program->Resize(inner, interpolation_);
    program->Crop(
        {-((size_.width - inner.width) / 2),
         -((size_.height - inner.height) / 2), size_.width, size_.height},
        padding_);
  }

  std::optional<ImageSize> FixedSize(std::optional<ImageSize>) const override {
    return size_;
  }

 private:
  static int Fitted(double side, int room) {
    return std::clamp(static_cast<int>(RoundHalfEven(side)), 1, room);
  }

  const ImageSize size_;
  const Padding padding_;
  const Interpolation interpolation_;
};

class RandomZoomOutOp : public TransformOp {
 public:
  explicit RandomZoomOutOp(const v1::RandomZoomOut& zoom_out)
      : padding_{PaddingMode::kConstant, FillOf(zoom_out.fill())},
        side_range_{zoom_out.side_range(0), zoom_out.side_range(1)},
        probability_(zoom_out.p()) {}

  void Add(RandomDraws* draws, SampleProgram* program) const override {
    if (draws->Uniform() >= probability_) return;
    const double factor = draws->Uniform(side_range_[0], side_range_[1]);
    const ImageSize canvas = {Widened(program->width(), factor),
                              Widened(program->height(), factor)};
    const auto left =
        static_cast<int>((canvas.width - program->width()) * draws->Uniform());
    const auto top = static_cast<int>((canvas.height - program->height()) *
                                      draws->Uniform());
    program->Crop({-left, -top, canvas.width, canvas.height}, padding_);
  }

  std::optional<ImageSize> FixedSize(std::optional<ImageSize>) const override {
    return std::nullopt;
  }

 private:
  static int Widened(int side, double factor) {
    return ToSide(static_cast<int64_t>(side * factor));
  }

  const Padding padding_;
  const double side_range_[2];
  const double probability_;
};

}  // namespace

absl::Status CheckPadding(const TransformRules& rules, Sizes* padding,
                          Sizes* fill, v1::PaddingMode mode) {
  // Copied: a field that grows must not be given a reference into itself.
  const Sizes given = *padding;
  if (given.size() == 1) padding->Resize(4, given[0]);
  if (given.size() == 2) padding->MergeFrom(given);
  if (!padding->empty() && padding->size() != 4) {
    return rules.Wrong(absl::StrCat(
        "padding has ", padding->size(),
        " values; give one for all sides, two (left and right, top and "
        "bottom), or four (left, top, right, bottom)"));
  }
  for (const uint32_t side : *padding) {
    if (side <= rules.limits().max_side) continue;
    return rules.Wrong(absl::StrCat("padding ", side,
                                    " is out of range; give 0 to ",
                                    rules.limits().max_side, " pixels"));
  }
  MILLRACE_RETURN_IF_ERROR(rules.CheckPaddingMode(mode));
  return rules.CheckFill(0, fill);
}

Borders BordersOf(const Sizes& padding) {
  if (padding.empty()) return {};
  return {static_cast<int>(padding[0]), static_cast<int>(padding[1]),
          static_cast<int>(padding[2]), static_cast<int>(padding[3])};
}

Padding PaddingOf(const Sizes& fill, v1::PaddingMode mode) {
  return {ToPaddingMode(mode), FillOf(fill)};
}

void AddBorders(const Borders& borders, const Padding& padding,
                SampleProgram* program) {
  program->Crop({-borders.left, -borders.top,
                 program->width() + borders.left + borders.right,
                 program->height() + borders.top + borders.bottom},
                padding);
}

absl::Status Check(TransformRules* rules, v1::Pad* pad) {
  MILLRACE_RETURN_IF_ERROR(rules->CheckBefore8BitEnds());
  if (pad->padding().empty()) {
    return rules->Wrong("padding is empty; give one, two or four values");
  }
  return CheckPadding(*rules, pad->mutable_padding(), pad->mutable_fill(),
                      pad->padding_mode());
}

absl::Status Check(TransformRules* rules, v1::LetterBox* letter_box) {
  MILLRACE_RETURN_IF_ERROR(rules->CheckBefore8BitEnds());
  MILLRACE_RETURN_IF_ERROR(rules->CheckSize(letter_box->size()));
  WriteBothSides(letter_box->mutable_size());
  MILLRACE_RETURN_IF_ERROR(rules->CheckFill(114, letter_box->mutable_fill()));
  return rules->CheckInterpolation(v1::BILINEAR, letter_box);
}

absl::Status Check(TransformRules* rules, v1::RandomZoomOut* zoom_out) {
  MILLRACE_RETURN_IF_ERROR(rules->CheckBefore8BitEnds());
  MILLRACE_RETURN_IF_ERROR(rules->CheckFill(0, zoom_out->mutable_fill()));
  SetIfEmpty({1.0, 4.0}, zoom_out->mutable_side_range());
  if (!IsRange(zoom_out->side_range(), 1, kMaxZoom)) {
    return rules->Wrong(absl::StrCat(
        "side_range ", List(zoom_out->side_range()),
        " is no range; give two factors, 1 <= lower <= upper <= ", kMaxZoom));
  }
  return rules->CheckProbability(0.5, zoom_out);
}

std::unique_ptr<const TransformOp> Compile(const v1::Pad& pad) {
  return std::make_unique<PadOp>(pad);
}

std::unique_ptr<const TransformOp> Compile(const v1::LetterBox& letter_box) {
  return std::make_unique<LetterBoxOp>(letter_box);
}

std::unique_ptr<const TransformOp> Compile(const v1::RandomZoomOut& zoom_out) {
  return std::make_unique<RandomZoomOutOp>(zoom_out);
}

}  // namespace millrace
