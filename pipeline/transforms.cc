#include "pipeline/transforms.h"

#include <algorithm>
#include <cmath>

#include "pipeline/portable_math.h"
#include "pipeline/random.h"

namespace millrace {

namespace {

// A side that nothing reaches in earnest; keeps sums of ints from wrapping.
constexpr int64_t kMaxSide = int64_t{1} << 29;

int Side(int64_t value) {
  return static_cast<int>(std::clamp<int64_t>(value, 1, kMaxSide));
}

ImageSize SizeOf(const google::protobuf::RepeatedField<uint32_t>& values) {
  return {static_cast<int>(values[values.size() - 1]),
          static_cast<int>(values[0])};
}

Interpolation ToInterpolation(v1::Interpolation interpolation) {
  switch (interpolation) {
    case v1::NEAREST:
      return Interpolation::kNearest;
    case v1::BICUBIC:
      return Interpolation::kBicubic;
    default:
      return Interpolation::kBilinear;
  }
}

ResizeOp Compile(const v1::Resize& resize) {
  ResizeOp op;
  op.interpolation = ToInterpolation(resize.interpolation());
  op.max_size = static_cast<int>(resize.max_size());
  if (resize.size_size() == 2) {
    op.size = SizeOf(resize.size());
  } else {
    op.short_side = static_cast<int>(resize.size(0));
  }
  return op;
}

RandomResizedCropOp Compile(const v1::RandomResizedCrop& crop) {
  return {.size = SizeOf(crop.size()),
          .scale = {crop.scale(0), crop.scale(1)},
          .ratio = {crop.ratio(0), crop.ratio(1)},
          .interpolation = ToInterpolation(crop.interpolation())};
}

// Applies one op to a geometry.
struct Applier {
  ImageSize current() const { return {geometry->width(), geometry->height()}; }

  void operator()(const ResizeOp& op) const {
    const ImageSize size = op.SizeFor(current());
    geometry->Resize(size.width, size.height, op.interpolation);
  }
  void operator()(const CenterCropOp& op) const {
    geometry->Crop(op.CropOf(current()));
  }
  void operator()(const RandomResizedCropOp& op) const {
    RandomDraws draws(place);
    geometry->Crop(op.CropOf(current(), &draws));
    geometry->Resize(op.size.width, op.size.height, op.interpolation);
  }
  void operator()(const FlipOp& op) const {
    if (RandomDraws(place).Uniform() < op.probability) {
      geometry->FlipHorizontal();
    }
  }

  RandomPlace place;
  Geometry* geometry;
};

// What one op makes of the size that all images have, if they have one.
struct Sizer {
  std::optional<ImageSize> operator()(const ResizeOp& op) const {
    if (op.size) return op.size;
    if (input) return op.SizeFor(*input);
    return std::nullopt;
  }
  std::optional<ImageSize> operator()(const CenterCropOp& op) const {
    return op.size;
  }
  std::optional<ImageSize> operator()(const RandomResizedCropOp& op) const {
    return op.size;
  }
  std::optional<ImageSize> operator()(const FlipOp&) const { return input; }

  std::optional<ImageSize> input;
};

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

// Where torchvision's center_crop begins along one side: an image that is too
// small is padded on both sides (the odd pixel behind), then cut.
int CenterBegin(int length, int crop) {
  if (crop > length) return -((crop - length) / 2);
  return static_cast<int>(RoundHalfEven((length - crop) / 2.0));
}

}  // namespace

ImageSize ResizeOp::SizeFor(const ImageSize& input) const {
  if (size) return *size;
  const bool portrait = input.width <= input.height;
  const int64_t from_short = portrait ? input.width : input.height;
  const int64_t from_long = portrait ? input.height : input.width;
  int64_t to_short = short_side;
  int64_t to_long = to_short * from_long / from_short;
  if (max_size > 0 && to_long > max_size) {
    to_short = max_size * to_short / to_long;
    to_long = max_size;
  }
  return portrait ? ImageSize{Side(to_short), Side(to_long)}
                  : ImageSize{Side(to_long), Side(to_short)};
}

Rect CenterCropOp::CropOf(const ImageSize& input) const {
  return {CenterBegin(input.width, size.width),
          CenterBegin(input.height, size.height), size.width, size.height};
}

Rect RandomResizedCropOp::CropOf(const ImageSize& input,
                                 RandomDraws* draws) const {
  constexpr int kTries = 10;
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

ImageTransforms::ImageTransforms(const v1::Plan& plan) {
  for (int i = 0; i < plan.transforms_size(); ++i) {
    const v1::Transform& transform = plan.transforms(i);
    const auto place = static_cast<uint8_t>(i);
    switch (transform.op_case()) {
      case v1::Transform::kResize:
        steps_.push_back({Compile(transform.resize()), place});
        break;
      case v1::Transform::kCenterCrop:
        steps_.push_back(
            {CenterCropOp{SizeOf(transform.center_crop().size())}, place});
        break;
      case v1::Transform::kRandomResizedCrop:
        steps_.push_back({Compile(transform.random_resized_crop()), place});
        break;
      case v1::Transform::kRandomHorizontalFlip:
        steps_.push_back(
            {FlipOp{transform.random_horizontal_flip().p()}, place});
        break;
      default:
        break;
    }
  }
}

Geometry ImageTransforms::GeometryOf(const ImageSize& input,
                                     const SamplePlace& place) const {
  Geometry geometry(input.width, input.height);
  for (const Step& step : steps_) {
    const RandomPlace random = {place.seed, place.epoch, place.position,
                                step.place};
    std::visit(Applier{random, &geometry}, step.op);
  }
  return geometry;
}

std::optional<ImageSize> ImageTransforms::FixedOutputSize(
    std::optional<ImageSize> input) const {
  for (const Step& step : steps_) input = std::visit(Sizer{input}, step.op);
  return input;
}

}  // namespace millrace
