#include "pipeline/box_ops.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace millrace {

namespace {

using Boxes = std::vector<std::optional<Corners>>;

constexpr uint32_t kMaxTrials = 1000;
// Options are drawn again when all trials of one fail. Without an option that
// leaves the image as it is, that must end somewhere.
constexpr int kMaxOptions = 64;
constexpr double kMaxRatio = 1000;

double AreaOf(const Corners& box) {
  return (box.x1 - box.x0) * (box.y1 - box.y0);
}

Corners CornersOf(const Rect& rect) {
  return {static_cast<double>(rect.x), static_cast<double>(rect.y),
          static_cast<double>(rect.x) + rect.width,
          static_cast<double>(rect.y) + rect.height};
}

double IouOf(const Corners& box, const Rect& rect) {
  const double shared = AreaOf(Cut(box, rect));
  return shared / (AreaOf(box) + AreaOf(CornersOf(rect)) - shared);
}

bool HasCentreIn(const Rect& rect, const Corners& box) {
  const Corners edges = CornersOf(rect);
  const double x = 0.5 * (box.x0 + box.x1);
  const double y = 0.5 * (box.y0 + box.y1);
  return edges.x0 < x && x < edges.x1 && edges.y0 < y && y < edges.y1;
}

class RandomIoUCropOp : public TransformOp {
 public:
  explicit RandomIoUCropOp(const v1::RandomIoUCrop& crop)
      : scale_{crop.min_scale(), crop.max_scale()},
        ratio_{crop.min_aspect_ratio(), crop.max_aspect_ratio()},
        options_(crop.sampler_options().begin(), crop.sampler_options().end()),
        trials_(static_cast<int>(crop.trials())) {}

  void Add(RandomDraws* draws, SampleProgram* program) const override {
    const Boxes boxes = program->Boxes();
    const auto crop = Find(program->size(), boxes, draws);
    if (!crop) return;
    for (size_t i = 0; i < boxes.size(); ++i) {
      if (!boxes[i] || !HasCentreIn(*crop, *boxes[i])) program->DropBox(i);
    }
    program->Crop(*crop);
  }

  std::optional<ImageSize> FixedSize(std::optional<ImageSize>) const override {
    return std::nullopt;
  }
  bool looks_at_boxes() const override { return true; }

 private:
  // None: the image stays as it is.
  std::optional<Rect> Find(const ImageSize& size, const Boxes& boxes,
                           RandomDraws* draws) const;
  std::optional<Rect> Draw(const ImageSize& size, RandomDraws* draws) const;

  const double scale_[2];
  const double ratio_[2];
  const std::vector<double> options_;
  const int trials_;
};

std::optional<Rect> RandomIoUCropOp::Draw(const ImageSize& size,
                                          RandomDraws* draws) const {
  const double across = draws->Uniform(scale_[0], scale_[1]);
  const double down = draws->Uniform(scale_[0], scale_[1]);
  const double left = draws->Uniform();
  const double top = draws->Uniform();
  const auto width = static_cast<int>(size.width * across);
  const auto height = static_cast<int>(size.height * down);
  if (width == 0 || height == 0) return std::nullopt;
  const double ratio = static_cast<double>(width) / height;
  if (ratio < ratio_[0] || ratio > ratio_[1]) return std::nullopt;
  return Rect{static_cast<int>((size.width - width) * left),
              static_cast<int>((size.height - height) * top), width, height};
}

// The best IoU of a box whose centre is inside; below 0 if there is none.
double BestIou(const Boxes& boxes, const Rect& crop) {
  double best = -1;
  for (const auto& box : boxes) {
    if (box && HasCentreIn(crop, *box))
      best = std::max(best, IouOf(*box, crop));
  }
  return best;
}

std::optional<Rect> RandomIoUCropOp::Find(const ImageSize& size,
                                          const Boxes& boxes,
                                          RandomDraws* draws) const {
  if (std::none_of(boxes.begin(), boxes.end(),
                   [](const auto& box) { return box.has_value(); })) {
    return std::nullopt;
  }
  for (int i = 0; i < kMaxOptions; ++i) {
    const double least =
        options_[draws->Below(static_cast<int>(options_.size()))];
    if (least >= 1) return std::nullopt;
    for (int trial = 0; trial < trials_; ++trial) {
      const auto crop = Draw(size, draws);
      if (crop && BestIou(boxes, *crop) >= least) return crop;
    }
  }
  return std::nullopt;
}

class SanitizeOp : public TransformOp {
 public:
  explicit SanitizeOp(const v1::SanitizeBoundingBoxes& sanitize)
      : min_size_(sanitize.min_size()), min_area_(sanitize.min_area()) {}

  void Add(RandomDraws*, SampleProgram* program) const override {
    const Boxes boxes = program->Boxes();
    for (size_t i = 0; i < boxes.size(); ++i) {
      if (!boxes[i] || IsSmall(*boxes[i])) program->DropBox(i);
    }
  }

  bool looks_at_boxes() const override { return true; }

 private:
  bool IsSmall(const Corners& box) const {
    return box.x1 - box.x0 < min_size_ || box.y1 - box.y0 < min_size_ ||
           AreaOf(box) < min_area_;
  }

  const double min_size_;
  const double min_area_;
};

absl::Status CheckOptions(const TransformRules& rules,
                          v1::RandomIoUCrop* crop) {
  SetIfEmpty({0, 0.1, 0.3, 0.5, 0.7, 0.9, 1}, crop->mutable_sampler_options());
  if (crop->sampler_options_size() > 100 ||
      !AllWithin(crop->sampler_options(), 0, kMaxRatio)) {
    return rules.Wrong(absl::StrCat(
        "sampler_options ", List(crop->sampler_options()),
        " are out of range; give at most 100 values from 0 to 1 (1 and more: "
        "as it is)"));
  }
  DropSignsOfZero(crop->mutable_sampler_options());
  if (!crop->has_trials()) crop->set_trials(40);
  const uint32_t trials = crop->trials();
  if (trials > 0 && trials <= kMaxTrials) return absl::OkStatus();
  return rules.Wrong(absl::StrCat("trials ", trials,
                                  " is out of range; give 1 to ", kMaxTrials));
}

// Not negative; infinity and NaN are out of range.
absl::Status CheckMinimum(const TransformRules& rules, absl::string_view name,
                          double value) {
  if (value >= 0 && value <= 1e12) return absl::OkStatus();
  return rules.Wrong(
      absl::StrCat(name, " ", value, " is out of range; give 0 or more"));
}

}  // namespace

absl::Status Check(TransformRules* rules, v1::RandomIoUCrop* crop) {
  MILLRACE_RETURN_IF_ERROR(rules->CheckAnnotated());
  MILLRACE_RETURN_IF_ERROR(rules->CheckBefore8BitEnds());
  if (!crop->has_min_scale()) crop->set_min_scale(0.3);
  if (!crop->has_max_scale()) crop->set_max_scale(1);
  if (!(0 < crop->min_scale() && crop->min_scale() <= crop->max_scale() &&
        crop->max_scale() <= 1)) {
    return rules->Wrong(absl::StrCat(
        "min_scale ", crop->min_scale(), " and max_scale ", crop->max_scale(),
        " are no range; give 0 < min_scale <= max_scale <= 1"));
  }
  if (!crop->has_min_aspect_ratio()) crop->set_min_aspect_ratio(0.5);
  if (!crop->has_max_aspect_ratio()) crop->set_max_aspect_ratio(2);
  if (!(1 / kMaxRatio <= crop->min_aspect_ratio() &&
        crop->min_aspect_ratio() <= crop->max_aspect_ratio() &&
        crop->max_aspect_ratio() <= kMaxRatio)) {
    return rules->Wrong(absl::StrCat(
        "min_aspect_ratio ", crop->min_aspect_ratio(), " and max_aspect_ratio ",
        crop->max_aspect_ratio(), " are no range; give ", 1 / kMaxRatio,
        " <= min_aspect_ratio <= max_aspect_ratio <= ", kMaxRatio));
  }
  return CheckOptions(*rules, crop);
}

absl::Status Check(TransformRules* rules, v1::SanitizeBoundingBoxes* sanitize) {
  MILLRACE_RETURN_IF_ERROR(rules->CheckAnnotated());
  if (!sanitize->has_min_size()) sanitize->set_min_size(1);
  if (!sanitize->has_min_area()) sanitize->set_min_area(1);
  sanitize->set_min_size(sanitize->min_size() + 0.0);
  sanitize->set_min_area(sanitize->min_area() + 0.0);
  MILLRACE_RETURN_IF_ERROR(
      CheckMinimum(*rules, "min_size", sanitize->min_size()));
  return CheckMinimum(*rules, "min_area", sanitize->min_area());
}

std::unique_ptr<const TransformOp> Compile(const v1::RandomIoUCrop& crop) {
  return std::make_unique<RandomIoUCropOp>(crop);
}

std::unique_ptr<const TransformOp> Compile(
    const v1::SanitizeBoundingBoxes& sanitize) {
  return std::make_unique<SanitizeOp>(sanitize);
}

}  // namespace millrace
