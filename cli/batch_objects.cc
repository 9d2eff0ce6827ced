#include "cli/batch_objects.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "cli/checked_tensor.h"
#include "image/mask.h"

namespace millrace::cli {

namespace {

using client::ReceivedBatch;
using client::TensorView;

// From 0 to at most `end`.
absl::Status CheckOffsets(const TensorView& offsets, int64_t end) {
  int64_t last = 0;
  for (const int64_t offset : offsets.values<int64_t>()) {
    if (offset < last || offset > end) {
      return Wrong(offsets,
                   absl::StrCat("offsets must ascend and stay within ", end));
    }
    last = offset;
  }
  return absl::OkStatus();
}

void SetBox(absl::Span<const float> values,
            v1::BatchOptions::BoxFormat box_format, DrawnObject* object) {
  object->x = values[0];
  object->y = values[1];
  object->width = values[2];
  object->height = values[3];
  if (box_format == v1::BatchOptions::XYXY) {
    object->width -= values[0];
    object->height -= values[1];
  } else if (box_format == v1::BatchOptions::CXCYWH) {
    object->x -= values[2] / 2;
    object->y -= values[3] / 2;
  }
}

}  // namespace

absl::Status BatchObjects::FindRows(const ReceivedBatch& batch,
                                    int64_t samples) {
  if (boxes_->shape.size() == 3) {
    const int64_t most = boxes_->shape[1];
    leading_ = {samples, most};
    MILLRACE_ASSIGN_OR_RETURN(
        const TensorView* counts,
        FindChecked(batch, "box_counts", v1::INT64, {samples}));
    if (counts == nullptr) return Wrong(*boxes_, "no box_counts");
    for (const int64_t count : counts->values<int64_t>()) {
      if (count < 0 || count > most) {
        return Wrong(*counts, absl::StrCat("counts must be 0 to ", most));
      }
      const auto first = static_cast<int64_t>(rows_.size()) * most;
      rows_.emplace_back(first, first + count);
    }
    return absl::OkStatus();
  }
  leading_ = {boxes_->shape[0]};
  MILLRACE_ASSIGN_OR_RETURN(
      const TensorView* found,
      FindChecked(batch, "box_offsets", v1::INT64, {samples + 1}));
  if (found == nullptr) return Wrong(*boxes_, "no box_offsets");
  MILLRACE_RETURN_IF_ERROR(CheckOffsets(*found, boxes_->shape[0]));
  const auto offsets = found->values<int64_t>();
  for (int64_t i = 0; i < samples; ++i) {
    rows_.emplace_back(offsets[i], offsets[i + 1]);
  }
  return absl::OkStatus();
}

absl::Status BatchObjects::FindRunLengths(const ReceivedBatch& batch) {
  MILLRACE_ASSIGN_OR_RETURN(mask_counts_,
                            FindChecked(batch, "mask_counts", v1::INT32, {-1}));
  if (mask_counts_ == nullptr) return absl::OkStatus();
  int64_t rows = 1;
  for (const int64_t extent : leading_) rows *= extent;
  MILLRACE_ASSIGN_OR_RETURN(
      mask_offsets_, FindChecked(batch, "mask_offsets", v1::INT64, {rows + 1}));
  if (mask_offsets_ == nullptr) return Wrong(*mask_counts_, "no mask_offsets");
  return CheckOffsets(*mask_offsets_, mask_counts_->shape[0]);
}

absl::StatusOr<BatchObjects> BatchObjects::Open(const ReceivedBatch& batch,
                                                int64_t samples, int height,
                                                int width) {
  BatchObjects objects;
  objects.height_ = height;
  objects.width_ = width;
  const TensorView* boxes = batch.Find("boxes");
  if (boxes == nullptr) return objects;
  const bool padded = boxes->shape.size() == 3;
  MILLRACE_ASSIGN_OR_RETURN(
      objects.boxes_, FindChecked(batch, "boxes", v1::FLOAT32,
                                  padded ? std::vector<int64_t>{samples, -1, 4}
                                         : std::vector<int64_t>{-1, 4}));
  MILLRACE_RETURN_IF_ERROR(objects.FindRows(batch, samples));
  const auto find = [&](absl::string_view name, v1::DType dtype,
                        std::initializer_list<int64_t> row) {
    std::vector<int64_t> shape = objects.leading_;
    shape.insert(shape.end(), row.begin(), row.end());
    return FindChecked(batch, name, dtype, shape);
  };
  MILLRACE_ASSIGN_OR_RETURN(objects.labels_, find("box_labels", v1::INT64, {}));
  MILLRACE_ASSIGN_OR_RETURN(objects.crowd_, find("box_crowd", v1::UINT8, {}));
  MILLRACE_ASSIGN_OR_RETURN(objects.masks_,
                            find("masks", v1::UINT8, {height, width}));
  MILLRACE_ASSIGN_OR_RETURN(objects.keypoints_,
                            find("keypoints", v1::FLOAT32, {-1, 3}));
  MILLRACE_RETURN_IF_ERROR(objects.FindRunLengths(batch));
  return objects;
}

void BatchObjects::ReadKeypoints(int64_t row, const v1::DatasetInfo& dataset,
                                 DrawnObject* object) const {
  const int64_t count = keypoints_->shape[keypoints_->shape.size() - 2];
  const auto values =
      keypoints_->values<float>().subspan(row * count * 3, count * 3);
  for (int64_t k = 0; k < count; ++k) {
    object->keypoints.push_back({values[3 * k], values[3 * k + 1],
                                 static_cast<int>(values[3 * k + 2])});
  }
  if (object->category < 0 || object->category >= dataset.categories_size()) {
    return;
  }
  const auto& skeleton = dataset.categories(object->category).skeleton();
  object->skeleton = {skeleton.data(), static_cast<size_t>(skeleton.size())};
}

// Run lengths that do not fit the image are no mask.
void BatchObjects::ReadMask(int64_t row, DrawnObject* object) {
  if (masks_ != nullptr) {
    const int64_t pixels = int64_t{height_} * width_;
    object->mask = masks_->bytes.subspan(row * pixels, pixels);
  }
  if (mask_counts_ == nullptr) return;
  const auto offsets = mask_offsets_->values<int64_t>();
  const auto counts = mask_counts_->values<int32_t>().subspan(
      offsets[row], offsets[row + 1] - offsets[row]);
  const RunLengthMask runs = {height_, width_, {counts.begin(), counts.end()}};
  if (!CheckRunLengths(runs).ok()) return;
  rasters_.push_back(std::make_unique<std::vector<uint8_t>>(RasterOf(runs)));
  object->mask = *rasters_.back();
}

DrawnObject BatchObjects::Read(int64_t row, const v1::DatasetInfo& dataset,
                               v1::BatchOptions::BoxFormat box_format) {
  DrawnObject object;
  SetBox(boxes_->values<float>().subspan(4 * row, 4), box_format, &object);
  if (labels_ != nullptr) {
    const int64_t label = labels_->values<int64_t>()[row];
    object.category = static_cast<int>(std::clamp<int64_t>(label, -1, 1 << 30));
    object.tag = TitleOf(dataset, label);
  }
  object.crowd = crowd_ != nullptr && crowd_->bytes[row] != 0;
  if (object.crowd) absl::StrAppend(&object.tag, " (crowd)");
  ReadMask(row, &object);
  if (keypoints_ != nullptr) ReadKeypoints(row, dataset, &object);
  return object;
}

std::vector<DrawnObject> BatchObjects::Of(
    int64_t sample, const v1::DatasetInfo& dataset,
    v1::BatchOptions::BoxFormat box_format) {
  std::vector<DrawnObject> objects;
  const auto [first, end] = rows_[sample];
  for (int64_t row = first; row < end; ++row) {
    objects.push_back(Read(row, dataset, box_format));
  }
  return objects;
}

}  // namespace millrace::cli
