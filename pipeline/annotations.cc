#include "pipeline/annotations.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/status_macros.h"
#include "image/mask.h"
#include "pipeline/annotation_format.h"
#include "pipeline/mask_mover.h"

namespace millrace {

namespace {

float ToFloat(double value) {
  constexpr double kMax = std::numeric_limits<float>::max();
  return std::isnan(value) ? 0
                           : static_cast<float>(std::clamp(value, -kMax, kMax));
}

std::string OtherSide(const std::string& name) {
  return absl::StrReplaceAll(name, {{"left", "right"}, {"right", "left"}});
}

std::vector<int> MirroredKeypoints(const v1::Category& category) {
  absl::flat_hash_map<std::string, int> indexes;
  for (int i = 0; i < category.keypoint_names_size(); ++i) {
    indexes.emplace(category.keypoint_names(i), i);
  }
  std::vector<int> mirrored;
  for (int i = 0; i < category.keypoint_names_size(); ++i) {
    const auto other = indexes.find(OtherSide(category.keypoint_names(i)));
    mirrored.push_back(other == indexes.end() ? i : other->second);
  }
  return mirrored;
}

ImageSize SizeOf(const v1::SampleMeta& meta) {
  return {static_cast<int>(meta.image().width()),
          static_cast<int>(meta.image().height())};
}

Corners BoxOf(const v1::Annotation& annotation, const StoredFrame& frame) {
  const v1::Box& box = annotation.box();
  return frame.ToStored(
      Corners{box.x(), box.y(), box.x() + box.width(), box.y() + box.height()});
}

Point CentreOf(const Corners& box) {
  return {0.5 * (box.x0 + box.x1), 0.5 * (box.y0 + box.y1)};
}

absl::Status OverLimit() {
  return absl::FailedPreconditionError("the annotations are over the limit");
}

}  // namespace

uint64_t BytesOfBox(const AnnotationOptions& options, int width, int height) {
  // Box, label and id, crowd, area.
  const uint64_t box =
      4 * sizeof(float) + 2 * sizeof(int64_t) + sizeof(uint8_t) + sizeof(float);
  const uint64_t mask = !options.masks        ? 0
                        : options.run_lengths ? sizeof(int64_t)
                                              : uint64_t{1} * width * height;
  return box + mask + uint64_t{3} * options.keypoints * sizeof(float);
}

// Moves the annotations of one sample.
class AnnotationRecipe::Mover {
 public:
  Mover(const AnnotationRecipe& recipe, const v1::SampleMeta& meta,
        const SampleProgram& program, RaggedBudget* budget)
      : recipe_(recipe),
        frame_(recipe.FrameOf(meta)),
        program_(program),
        budget_(budget) {
    if (recipe.options_.masks) {
      masks_.emplace(program_, frame_, SizeOf(meta));
    }
  }

  absl::Status AddAll(const v1::SampleMeta& meta);

  SampleAnnotations Finish() { return std::move(moved_); }

 private:
  // An annotation of which something is left, and its box.
  struct Left {
    const v1::Annotation& annotation;
    Corners box;
    Point centre;  // Of its box in the frame that the program begins with.
  };

  std::vector<Left> LeftOf(const v1::SampleMeta& meta) const;
  absl::Status Add(const Left& left);
  absl::Status AddMask(const v1::Annotation& annotation);
  void AddKeypoints(const v1::Annotation& annotation);
  int PlaceOfKeypoint(uint32_t category, int keypoint) const;

  size_t mask_bytes() const {
    return size_t{1} * program_.width() * program_.height();
  }

  const AnnotationRecipe& recipe_;
  const StoredFrame frame_;
  const SampleProgram& program_;
  RaggedBudget* const budget_;
  std::optional<MaskMover> masks_;
  SampleAnnotations moved_;
};

// All memory is taken at once and exactly: growing would take twice as much.
absl::Status AnnotationRecipe::Mover::AddAll(const v1::SampleMeta& meta) {
  const std::vector<Left> all = LeftOf(meta);
  const AnnotationOptions& options = recipe_.options_;
  const uint64_t bytes =
      BytesOfBox(options, program_.width(), program_.height());
  if (!budget_->Take(all.size() * bytes)) {
    return OverLimit();
  }
  if (options.masks && options.will_mix) {
    moved_.masks.reserve(all.size() * mask_bytes());
  }
  moved_.keypoints.reserve(all.size() * 3 * options.keypoints);
  for (const Left& left : all) MILLRACE_RETURN_IF_ERROR(Add(left));
  return absl::OkStatus();
}

std::vector<AnnotationRecipe::Mover::Left> AnnotationRecipe::Mover::LeftOf(
    const v1::SampleMeta& meta) const {
  const int max_boxes = recipe_.options_.max_boxes;
  std::vector<Left> all;
  for (int i = 0; i < meta.annotations_size(); ++i) {
    const v1::Annotation& annotation = meta.annotations(i);
    if (program_.IsDropped(i)) continue;
    if (max_boxes > 0 && all.size() == static_cast<size_t>(max_boxes)) break;
    const Corners box = BoxOf(annotation, frame_);
    const auto moved = program_.Move(box);
    if (moved) all.push_back({annotation, *moved, CentreOf(box)});
  }
  return all;
}

absl::Status AnnotationRecipe::Mover::Add(const Left& left) {
  const v1::Annotation& annotation = left.annotation;
  const AnnotationOptions& options = recipe_.options_;
  for (const double value : InFormat(left.box, options.box_format)) {
    moved_.boxes.push_back(ToFloat(value));
  }
  moved_.labels.push_back(annotation.category());
  moved_.ids.push_back(annotation.id());
  moved_.crowd.push_back(annotation.crowd());
  moved_.areas.push_back(
      ToFloat(annotation.area() * program_.AreaRatioAt(left.centre)));
  if (options.keypoints > 0) AddKeypoints(annotation);
  return options.masks ? AddMask(annotation) : absl::OkStatus();
}

absl::Status AnnotationRecipe::Mover::AddMask(
    const v1::Annotation& annotation) {
  MILLRACE_ASSIGN_OR_RETURN(const RunLengthMask mask, masks_->Move(annotation));
  if (recipe_.options_.will_mix) {
    const size_t begin = moved_.masks.size();
    moved_.masks.resize(begin + mask_bytes());
    PaintRaster(mask, moved_.masks.data() + begin);
    return absl::OkStatus();
  }
  if (!budget_->Take(mask.counts.size() * sizeof(int32_t))) return OverLimit();
  AppendRunLengths(mask, &moved_);
  return absl::OkStatus();
}

int AnnotationRecipe::Mover::PlaceOfKeypoint(uint32_t category,
                                             int keypoint) const {
  if (program_.mirrored() == frame_.mirrors()) return keypoint;
  const auto& mirrored = recipe_.mirrored_keypoints_;
  if (category >= mirrored.size()) return keypoint;
  if (keypoint >= static_cast<int>(mirrored[category].size())) return keypoint;
  return mirrored[category][keypoint];
}

void AnnotationRecipe::Mover::AddKeypoints(const v1::Annotation& annotation) {
  const int wanted = recipe_.options_.keypoints;
  const size_t begin = moved_.keypoints.size();
  moved_.keypoints.resize(begin + size_t{3} * wanted);
  for (int i = 0; i < std::min(annotation.keypoints_size(), wanted); ++i) {
    const v1::Keypoint& keypoint = annotation.keypoints(i);
    if (keypoint.visibility() == 0) continue;
    const std::optional<Point> moved =
        program_.Move(frame_.ToStored(Point{keypoint.x(), keypoint.y()}));
    if (!moved) continue;
    float* out = moved_.keypoints.data() + begin +
                 size_t{3} * PlaceOfKeypoint(annotation.category(), i);
    out[0] = ToFloat(moved->x);
    out[1] = ToFloat(moved->y);
    out[2] = static_cast<float>(keypoint.visibility());
  }
}

AnnotationRecipe::AnnotationRecipe(const v1::DatasetInfo& dataset,
                                   const AnnotationOptions& options)
    : options_(options) {
  for (const v1::Category& category : dataset.categories()) {
    mirrored_keypoints_.push_back(MirroredKeypoints(category));
  }
}

StoredFrame AnnotationRecipe::FrameOf(const v1::SampleMeta& meta) const {
  return {options_.ignore_orientation
              ? static_cast<int>(meta.image().orientation())
              : 1,
          SizeOf(meta)};
}

uint64_t AnnotationRecipe::WorkingBytes(const v1::SampleMeta& meta,
                                        const SampleProgram& program) const {
  return options_.masks ? MaskWorkingBytes(meta, program, FrameOf(meta)) : 0;
}

std::vector<Corners> AnnotationRecipe::BoxesOf(
    const v1::SampleMeta& meta) const {
  const StoredFrame frame = FrameOf(meta);
  std::vector<Corners> boxes;
  for (const v1::Annotation& annotation : meta.annotations()) {
    boxes.push_back(BoxOf(annotation, frame));
  }
  return boxes;
}

absl::StatusOr<SampleAnnotations> AnnotationRecipe::Move(
    const v1::SampleMeta& meta, const SampleProgram& program,
    RaggedBudget* budget) const {
  Mover mover(*this, meta, program, budget);
  MILLRACE_RETURN_IF_ERROR(mover.AddAll(meta));
  return mover.Finish();
}

}  // namespace millrace
