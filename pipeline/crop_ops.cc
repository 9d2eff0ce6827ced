#include "pipeline/crop_ops.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "pipeline/pad_ops.h"
#include "pipeline/portable_math.h"

namespace millrace {

namespace {

// A crop of a wider ratio than this is a line.
constexpr double kMaxRatio = 1000;

// The largest central crop whose width / height is in range.
Rect CentralCrop(const ImageSize& input, const double ratio[2]) {
  ImageSize size = input;
  const double current = static_cast<double>(input.width) / input.height;
  if (current < ratio[0]) {
    size.height = static_cast<int>(RoundHalfEven(input.width / ratio[0]));
  } else if (current > ratio[1]) {
    size.width = static_cast<int>(RoundHalfEven(input.height * ratio[1]));
  }
  size = {std::clamp(size.width, 1, input.width),
          std::clamp(size.height, 1, input.height)};
  return {(input.width - size.width) / 2, (input.height - size.height) / 2,
          size.width, size.height};
}

class RandomCropOp : public TransformOp {
 public:
  explicit RandomCropOp(const v1::RandomCrop& crop)
      : size_(SizeOf(crop.size())),
        borders_(BordersOf(crop.padding())),
        pad_if_needed_(crop.pad_if_needed()),
        padding_(PaddingOf(crop.fill(), crop.padding_mode())) {}

  void Add(RandomDraws* draws, SampleProgram* program) const override {
    AddBorders(borders_, padding_, program);
    const int across = std::max(0, size_.width - program->width());
    const int down = std::max(0, size_.height - program->height());
    if (pad_if_needed_) {
      AddBorders({across, down, across, down}, padding_, program);
    } else if (across > 0 || down > 0) {
      program->Refuse(absl::StrCat("random_crop of ", size_.width, " x ",
                                   size_.height, " does not fit into its ",
                                   program->width(), " x ", program->height(),
                                   " pixels; resize before it, or set "
                                   "random_crop.pad_if_needed"));
      return;
    }
    const int x = draws->Below(program->width() - size_.width + 1);
    const int y = draws->Below(program->height() - size_.height + 1);
    program->Crop({x, y, size_.width, size_.height});
  }

  std::optional<ImageSize> FixedSize(std::optional<ImageSize>) const override {
    return size_;
  }

 private:
  const ImageSize size_;
  const Borders borders_;
  const bool pad_if_needed_;
  const Padding padding_;
};

// Where torchvision's center_crop begins along one side: an image that is too
// small is padded on both sides (the odd pixel behind), then cut.
int CenterBegin(int length, int crop) {
  if (crop > length) return -((crop - length) / 2);
  return static_cast<int>(RoundHalfEven((length - crop) / 2.0));
}

}  // namespace

Rect CenterCropOp::CropOf(const ImageSize& input) const {
  return {CenterBegin(input.width, size_.width),
          CenterBegin(input.height, size_.height), size_.width, size_.height};
}

void CenterCropOp::Add(RandomDraws*, SampleProgram* program) const {
  program->Crop(CropOf(program->size()));
}

Rect RandomResizedCropOp::CropOf(const ImageSize& input,
                                 RandomDraws* draws) const {
  constexpr int kTries = 10;
  const auto& [size, scale, ratio, interpolation] = options_;
  const double area = static_cast<double>(input.width) * input.height;
  const double log_ratio[2] = {PortableLog(ratio[0]), PortableLog(ratio[1])};
  for (int i = 0; i < kTries; ++i) {
    const double target = area * draws->Uniform(scale[0], scale[1]);
    const double aspect =
        PortableExp(draws->Uniform(log_ratio[0], log_ratio[1]));
    const double width = RoundHalfEven(std::sqrt(target * aspect));
    const double height = RoundHalfEven(std::sqrt(target / aspect));
    const double left = draws->Uniform();
    const double top = draws->Uniform();
    if (width < 1 || width > input.width || height < 1 ||
        height > input.height) {
      continue;
    }
    return {static_cast<int>(left * (input.width - width + 1)),
            static_cast<int>(top * (input.height - height + 1)),
            static_cast<int>(width), static_cast<int>(height)};
  }
  return CentralCrop(input, ratio);
}

void RandomResizedCropOp::Add(RandomDraws* draws,
                              SampleProgram* program) const {
  program->Crop(CropOf(program->size(), draws));
  program->Resize(options_.size, options_.interpolation);
}

absl::Status Check(TransformRules* rules, v1::CenterCrop* crop) {
  MILLRACE_RETURN_IF_ERROR(rules->CheckBefore8BitEnds());
  MILLRACE_RETURN_IF_ERROR(rules->CheckSize(crop->size()));
  WriteBothSides(crop->mutable_size());
  return absl::OkStatus();
}

absl::Status Check(TransformRules* rules, v1::RandomCrop* crop) {
  MILLRACE_RETURN_IF_ERROR(rules->CheckBefore8BitEnds());
  MILLRACE_RETURN_IF_ERROR(rules->CheckSize(crop->size()));
  WriteBothSides(crop->mutable_size());
  return CheckPadding(*rules, crop->mutable_padding(), crop->mutable_fill(),
                      crop->padding_mode());
}

absl::Status Check(TransformRules* rules, v1::RandomResizedCrop* crop) {
  MILLRACE_RETURN_IF_ERROR(rules->CheckBefore8BitEnds());
  MILLRACE_RETURN_IF_ERROR(rules->CheckSize(crop->size()));
  WriteBothSides(crop->mutable_size());
  MILLRACE_RETURN_IF_ERROR(rules->CheckInterpolation(v1::BILINEAR, crop));

  SetIfEmpty({0.08, 1.0}, crop->mutable_scale());
  SetIfEmpty({3.0 / 4.0, 4.0 / 3.0}, crop->mutable_ratio());
  if (!IsRange(crop->scale(), 0, 1) || crop->scale(1) == 0) {
    return rules->Wrong(
        absl::StrCat("scale ", List(crop->scale()),
                     " is no range; give two shares of the area, "
                     "0 <= lower <= upper <= 1, upper above 0"));
  }
  if (!IsRange(crop->ratio(), 1 / kMaxRatio, kMaxRatio)) {
    return rules->Wrong(
        absl::StrCat("ratio ", List(crop->ratio()),
                     " is no range; give two values of width / height, ",
                     1 / kMaxRatio, " <= lower <= upper <= ", kMaxRatio));
  }
  DropSignsOfZero(crop->mutable_scale());
  return absl::OkStatus();
}

std::unique_ptr<const TransformOp> Compile(const v1::CenterCrop& crop) {
  return std::make_unique<CenterCropOp>(SizeOf(crop.size()));
}

std::unique_ptr<const TransformOp> Compile(const v1::RandomCrop& crop) {
  return std::make_unique<RandomCropOp>(crop);
}

std::unique_ptr<const TransformOp> Compile(const v1::RandomResizedCrop& crop) {
  return std::make_unique<RandomResizedCropOp>(RandomResizedCropOp::Options{
      .size = SizeOf(crop.size()),
      .scale = {crop.scale(0), crop.scale(1)},
      .ratio = {crop.ratio(0), crop.ratio(1)},
      .interpolation = ToInterpolation(crop.interpolation())});
}

}  // namespace millrace
