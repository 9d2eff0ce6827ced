#include "pipeline/warp_ops.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "pipeline/portable_math.h"

namespace millrace {

namespace {

constexpr double kRadian = 3.14159265358979323846 / 180;
constexpr double kMaxDegrees = 3600;
constexpr double kMaxShear = 89;
constexpr double kMinScale = 0.001;
constexpr double kMaxScale = 1000;
constexpr double kMaxCoordinate = 1e6;

Point CentreOf(const ImageSize& size) {
  return {size.width * 0.5, size.height * 0.5};
}

Point CenterOr(const Doubles& center, const ImageSize& size) {
  return center.empty() ? CentreOf(size) : Point{center[0], center[1]};
}

// Python's round(x, 15) for |x| <= 1.
double RoundTo15Digits(double x) { return RoundHalfEven(x * 1e15) / 1e15; }

// Whole pixels that a rotated image touches, as Pillow counts them; a quarter
// turn touches no more than it has.
ImageSize SizeOfWhole(const ProjectiveMap& rotation, const ImageSize& size) {
  if (rotation.b == 0) return size;
  if (rotation.a == 0) return {size.height, size.width};
  const auto corner = rotation.Apply(0, 0);
  Corners hull = {corner.x, corner.y, corner.x, corner.y};
  for (const double x : {0.0, static_cast<double>(size.width)}) {
    for (const double y : {0.0, static_cast<double>(size.height)}) {
      const auto at = rotation.Apply(x, y);
      hull = {std::min(hull.x0, at.x), std::min(hull.y0, at.y),
              std::max(hull.x1, at.x), std::max(hull.y1, at.y)};
    }
  }
  return {
      ToSide(static_cast<int64_t>(std::ceil(hull.x1) - std::floor(hull.x0))),
      ToSide(static_cast<int64_t>(std::ceil(hull.y1) - std::floor(hull.y0)))};
}

double Draw(const Doubles& range, RandomDraws* draws) {
  return draws->Uniform(range[0], range[1]);
}

class RandomRotationOp : public TransformOp {
 public:
  explicit RandomRotationOp(const v1::RandomRotation& rotation)
      : rotation_(rotation) {}

  void Add(RandomDraws* draws, SampleProgram* program) const override {
    ImageSize size = program->size();
    const ProjectiveMap map = RotationToInput(
        Draw(rotation_.degrees(), draws), CenterOr(rotation_.center(), size),
        rotation_.expand(), &size);
    program->Warp(size, {map, ToInterpolation(rotation_.interpolation()),
                         FillOf(rotation_.fill())});
  }

  std::optional<ImageSize> FixedSize(
      std::optional<ImageSize> input) const override {
    return rotation_.expand() ? std::nullopt : input;
  }

 private:
  const v1::RandomRotation rotation_;
};

class RandomAffineOp : public TransformOp {
 public:
  explicit RandomAffineOp(const v1::RandomAffine& affine) : affine_(affine) {}

  void Add(RandomDraws* draws, SampleProgram* program) const override {
    const ImageSize& size = program->size();
    AffineChoice choice;
    choice.angle = Draw(affine_.degrees(), draws);
    choice.translate_x = Shift(affine_.translate(0) * size.width, draws);
    choice.translate_y = Shift(affine_.translate(1) * size.height, draws);
    choice.scale = Draw(affine_.scale(), draws);
    choice.shear_x = draws->Uniform(affine_.shear(0), affine_.shear(1));
    choice.shear_y = draws->Uniform(affine_.shear(2), affine_.shear(3));
    program->Warp(
        size,
        {AffineToInput(choice, CenterOr(affine_.center(), size)),
         ToInterpolation(affine_.interpolation()), FillOf(affine_.fill())});
  }

 private:
  static double Shift(double most, RandomDraws* draws) {
    return RoundHalfEven(draws->Uniform(-most, most));
  }

  const v1::RandomAffine affine_;
};

class RandomPerspectiveOp : public TransformOp {
 public:
  explicit RandomPerspectiveOp(const v1::RandomPerspective& perspective)
      : perspective_(perspective) {}

  void Add(RandomDraws* draws, SampleProgram* program) const override {
    if (draws->Uniform() >= perspective_.p()) return;
    constexpr int kTries = 10;
    const ImageSize size = program->size();
    for (int i = 0; i < kTries; ++i) {
      const auto map = Draw(size, draws);
      if (!map) continue;
      return program->Warp(size,
                           {*map, ToInterpolation(perspective_.interpolation()),
                            FillOf(perspective_.fill())});
    }
  }

 private:
  // From output to input.
  std::optional<ProjectiveMap> Draw(const ImageSize& size,
                                    RandomDraws* draws) const {
    const auto to_output =
        RectToQuad(size.width - 1, size.height - 1, Quad(size, draws));
    auto map = to_output ? to_output->Inverse() : std::nullopt;
    if (!map || !(std::abs(map->i) > 1e-12)) return std::nullopt;
    // Pillow's scale, but with the sign kept: w is positive in the picture.
    const double unit = std::abs(map->i);
    for (double* value : {&map->a, &map->b, &map->c, &map->d, &map->e, &map->f,
                          &map->g, &map->h, &map->i}) {
      *value /= unit;
    }
    return map;
  }

  // Clockwise from the upper left.
  std::array<MapPoint, 4> Quad(const ImageSize& size,
                               RandomDraws* draws) const {
    const double scale = perspective_.distortion_scale();
    const auto across = static_cast<int>(scale * (size.width / 2));
    const auto down = static_cast<int>(scale * (size.height / 2));
    const auto near = [&](int most) -> double {
      return draws->Below(most + 1);
    };
    const auto far = [&](int length, int most) -> double {
      return length - 1 - draws->Below(most + 1);
    };
    std::array<MapPoint, 4> corners;
    corners[0].x = near(across);
    corners[0].y = near(down);
    corners[1].x = far(size.width, across);
    corners[1].y = near(down);
    corners[2].x = far(size.width, across);
    corners[2].y = far(size.height, down);
    corners[3].x = near(across);
    corners[3].y = far(size.height, down);
    return corners;
  }

  const v1::RandomPerspective perspective_;
};

// One value d becomes -d, d.
void WriteBothEnds(Doubles* range) {
  if (range->size() != 1) return;
  const double end = range->Get(0);
  range->Set(0, -end);
  range->Add(end);
}

absl::Status CheckAngles(const TransformRules& rules, Doubles* degrees) {
  const std::string given = List(*degrees);
  WriteBothEnds(degrees);
  if (!IsRange(*degrees, -kMaxDegrees, kMaxDegrees)) {
    return rules.Wrong(absl::StrCat(
        "degrees ", given,
        " is no range; give one angle of 0 or more, or two in ascending "
        "order, -",
        kMaxDegrees, " to ", kMaxDegrees));
  }
  DropSignsOfZero(degrees);
  return absl::OkStatus();
}

absl::Status CheckCenter(const TransformRules& rules, Doubles* center) {
  if (center->empty()) return absl::OkStatus();
  if (center->size() != 2 ||
      !AllWithin(*center, -kMaxCoordinate, kMaxCoordinate)) {
    return rules.Wrong(absl::StrCat("center ", List(*center),
                                    " is no point; give x and y in pixels"));
  }
  DropSignsOfZero(center);
  return absl::OkStatus();
}

absl::Status CheckShear(const TransformRules& rules, Doubles* shear) {
  const std::string given = List(*shear);
  WriteBothEnds(shear);
  SetIfEmpty({0, 0, 0, 0}, shear);
  if (shear->size() == 2) shear->Resize(4, 0);
  if (shear->size() != 4 || !AllWithin(*shear, -kMaxShear, kMaxShear) ||
      shear->Get(0) > shear->Get(1) || shear->Get(2) > shear->Get(3)) {
    return rules.Wrong(absl::StrCat(
        "shear ", given,
        " is no range; give one angle of 0 or more, two for x, or four for x "
        "and y, each in ascending order, -",
        kMaxShear, " to ", kMaxShear));
  }
  DropSignsOfZero(shear);
  return absl::OkStatus();
}

}  // namespace

ProjectiveMap AffineToInput(const AffineChoice& choice, const Point& center) {
  const double angle = choice.angle * kRadian;
  const double shear_x = choice.shear_x * kRadian;
  const double shear_y = choice.shear_y * kRadian;
  const double cosine = PortableCos(angle - shear_y);
  const double sine = PortableSin(angle - shear_y);
  const double lean = PortableCos(shear_y);
  const double slope = PortableSin(shear_x) / PortableCos(shear_x);
  // Rotation, scale and shear from input to output: [a b; c d].
  const double a = cosine / lean;
  const double b = -cosine * slope / lean - PortableSin(angle);
  const double c = sine / lean;
  const double d = -sine * slope / lean + PortableCos(angle);
  ProjectiveMap map;
  map.a = d / choice.scale;
  map.b = -b / choice.scale;
  map.d = -c / choice.scale;
  map.e = a / choice.scale;
  const double x = -center.x - choice.translate_x;
  const double y = -center.y - choice.translate_y;
  map.c = map.a * x + map.b * y + center.x;
  map.f = map.d * x + map.e * y + center.y;
  return map;
}

ProjectiveMap RotationToInput(double angle, const Point& center, bool expand,
                              ImageSize* size) {
  const double radians = -angle * kRadian;
  ProjectiveMap map;
  map.a = map.e = RoundTo15Digits(PortableCos(radians));
  map.b = RoundTo15Digits(PortableSin(radians));
  map.d = RoundTo15Digits(-PortableSin(radians));
  map.c = map.a * -center.x + map.b * -center.y + center.x;
  map.f = map.d * -center.x + map.e * -center.y + center.y;
  if (!expand) return map;
  const ImageSize whole = SizeOfWhole(map, *size);
  const auto begin = map.Apply(-(whole.width - size->width) / 2.0,
                               -(whole.height - size->height) / 2.0);
  map.c = begin.x;
  map.f = begin.y;
  *size = whole;
  return map;
}

absl::Status Check(TransformRules* rules, v1::RandomRotation* rotation) {
  MILLRACE_RETURN_IF_ERROR(rules->CheckBefore8BitEnds());
  MILLRACE_RETURN_IF_ERROR(CheckAngles(*rules, rotation->mutable_degrees()));
  MILLRACE_RETURN_IF_ERROR(CheckCenter(*rules, rotation->mutable_center()));
  if (rotation->expand() && !rotation->center().empty()) {
    return rules->Wrong("center does not go with expand; leave one out");
  }
  MILLRACE_RETURN_IF_ERROR(rules->CheckFill(0, rotation->mutable_fill()));
  return rules->CheckInterpolation(v1::NEAREST, rotation);
}

absl::Status Check(TransformRules* rules, v1::RandomAffine* affine) {
  MILLRACE_RETURN_IF_ERROR(rules->CheckBefore8BitEnds());
  MILLRACE_RETURN_IF_ERROR(CheckAngles(*rules, affine->mutable_degrees()));
  SetIfEmpty({0, 0}, affine->mutable_translate());
  if (affine->translate_size() != 2 || !AllWithin(affine->translate(), 0, 1)) {
    return rules->Wrong(
        absl::StrCat("translate ", List(affine->translate()),
                     " is out of range; give the shares of width and height "
                     "that it may move, 0 to 1"));
  }
  DropSignsOfZero(affine->mutable_translate());
  SetIfEmpty({1, 1}, affine->mutable_scale());
  if (!IsRange(affine->scale(), kMinScale, kMaxScale)) {
    return rules->Wrong(absl::StrCat(
        "scale ", List(affine->scale()), " is no range; give two factors, ",
        kMinScale, " <= lower <= upper <= ", kMaxScale));
  }
  MILLRACE_RETURN_IF_ERROR(CheckShear(*rules, affine->mutable_shear()));
  MILLRACE_RETURN_IF_ERROR(CheckCenter(*rules, affine->mutable_center()));
  MILLRACE_RETURN_IF_ERROR(rules->CheckFill(0, affine->mutable_fill()));
  return rules->CheckInterpolation(v1::NEAREST, affine);
}

absl::Status Check(TransformRules* rules, v1::RandomPerspective* perspective) {
  MILLRACE_RETURN_IF_ERROR(rules->CheckBefore8BitEnds());
  if (!perspective->has_distortion_scale()) {
    perspective->set_distortion_scale(0.5);
  }
  const double scale = perspective->distortion_scale();
  if (!(scale >= 0 && scale <= 1)) {
    return rules->Wrong(absl::StrCat("distortion_scale ", scale,
                                     " is out of range; give 0 to 1"));
  }
  perspective->set_distortion_scale(scale + 0.0);
  MILLRACE_RETURN_IF_ERROR(rules->CheckFill(0, perspective->mutable_fill()));
  MILLRACE_RETURN_IF_ERROR(rules->CheckProbability(0.5, perspective));
  return rules->CheckInterpolation(v1::BILINEAR, perspective);
}

std::unique_ptr<const TransformOp> Compile(const v1::RandomRotation& rotation) {
  return std::make_unique<RandomRotationOp>(rotation);
}

std::unique_ptr<const TransformOp> Compile(const v1::RandomAffine& affine) {
  return std::make_unique<RandomAffineOp>(affine);
}

std::unique_ptr<const TransformOp> Compile(
    const v1::RandomPerspective& perspective) {
  return std::make_unique<RandomPerspectiveOp>(perspective);
}

}  // namespace millrace
