#include "cli/batch_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "image/halves.h"
#include "proto/dtype.h"

namespace millrace::cli {
namespace {

using client::ReceivedBatch;
using client::TensorView;

absl::Status Wrong(const TensorView& tensor, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("tensor \"", tensor.name, "\" of shape [",
                   absl::StrJoin(tensor.shape, ", "), "]: ", why));
}

bool HoldsPixels(v1::DType dtype) {
  return dtype == v1::UINT8 || dtype == v1::FLOAT32 || dtype == v1::FLOAT16 ||
         dtype == v1::BFLOAT16;
}

// Null if the batch has no such tensor; an error if it has not this dtype
// and shape (-1: any), or not the bytes of its shape.
absl::StatusOr<const TensorView*> FindChecked(
    const ReceivedBatch& batch, absl::string_view name, v1::DType dtype,
    const std::vector<int64_t>& shape) {
  const TensorView* tensor = batch.Find(name);
  if (tensor == nullptr) return nullptr;
  if (tensor->dtype != dtype) {
    return Wrong(*tensor, absl::StrCat("expected ", v1::DType_Name(dtype)));
  }
  bool same = tensor->shape.size() == shape.size();
  uint64_t bytes = ElementBytes(dtype);
  for (size_t i = 0; same && i < shape.size(); ++i) {
    same =
        tensor->shape[i] >= 0 && (shape[i] < 0 || shape[i] == tensor->shape[i]);
    bytes *= tensor->shape[i];
  }
  if (!same) {
    return Wrong(*tensor, absl::StrCat("expected [", absl::StrJoin(shape, ", "),
                                       "], -1 for any"));
  }
  if (bytes != tensor->bytes.size()) return Wrong(*tensor, "wrong length");
  return tensor;
}

// The image tensor: where a channel of a pixel lies, and what its values mean.
class Images {
 public:
  static absl::StatusOr<Images> Open(const ReceivedBatch& batch) {
    const TensorView* tensor = batch.Find("image");
    if (tensor == nullptr) {
      return absl::InvalidArgumentError("the batch has no tensor \"image\"");
    }
    if (!HoldsPixels(tensor->dtype)) {
      return Wrong(*tensor, "expected UINT8, FLOAT32, FLOAT16 or BFLOAT16");
    }
    MILLRACE_ASSIGN_OR_RETURN(
        tensor, FindChecked(batch, "image", tensor->dtype, {-1, -1, -1, -1}));
    return Images(*tensor);
  }

  absl::Status Check() const {
    if (channels_ != 1 && channels_ != 3) {
      return Wrong(tensor_, "expected 1 or 3 channels, first or last");
    }
    return absl::OkStatus();
  }

  int64_t count() const { return tensor_.shape[0]; }
  int height() const { return height_; }
  int width() const { return width_; }

  // Finds what 0 and 255 stand for, from the first `samples` images; padding
  // must not take part.
  void Stretch(const std::vector<bool>& valid) {
    if (tensor_.dtype == v1::UINT8) return;
    low_.fill(std::numeric_limits<float>::max());
    high_.fill(std::numeric_limits<float>::lowest());
    for (size_t i = 0; i < valid.size(); ++i) {
      if (valid[i]) Widen(i);
    }
    const float low = *std::min_element(low_.begin(), low_.begin() + channels_);
    const float high =
        *std::max_element(high_.begin(), high_.begin() + channels_);
    if (low >= 0 && high <= 1) {
      low_.fill(0);
      high_.fill(1);
    } else if (low >= 0 && high <= 255) {
      low_.fill(0);
      high_.fill(255);
    }
  }

  Image Get(int64_t sample) const {
    Image image(width_, height_, channels_);
    for (int y = 0; y < height_; ++y) {
      uint8_t* out = image.row(y);
      for (int x = 0; x < width_; ++x) {
        for (int c = 0; c < channels_; ++c) *out++ = ByteAt(sample, y, x, c);
      }
    }
    return image;
  }

 private:
  explicit Images(const TensorView& tensor) : tensor_(tensor) {
    const auto& shape = tensor.shape;
    last_ = shape[3] == 1 || shape[3] == 3;
    channels_ = static_cast<int>(last_ ? shape[3] : shape[1]);
    height_ = static_cast<int>(last_ ? shape[1] : shape[2]);
    width_ = static_cast<int>(last_ ? shape[2] : shape[3]);
  }

  size_t At(int64_t sample, int y, int x, int c) const {
    const size_t first = size_t{1} * sample * height_ * width_ * channels_;
    const size_t pixel = size_t{1} * y * width_ + x;
    return first + (last_ ? pixel * channels_ + c
                          : size_t{1} * c * height_ * width_ + pixel);
  }

  float FloatAt(size_t at) const {
    if (tensor_.dtype == v1::FLOAT32) return tensor_.values<float>()[at];
    const uint16_t half = tensor_.values<uint16_t>()[at];
    return tensor_.dtype == v1::FLOAT16 ? FromFloat16(half)
                                        : FromBfloat16(half);
  }

  uint8_t ByteAt(int64_t sample, int y, int x, int c) const {
    const size_t at = At(sample, y, x, c);
    if (tensor_.dtype == v1::UINT8) return tensor_.bytes[at];
    const float value = FloatAt(at);
    const float range = high_[c] - low_[c];
    if (!std::isfinite(value) || !(range > 0)) return 0;
    return static_cast<uint8_t>(
        std::lround(255 * std::clamp((value - low_[c]) / range, 0.f, 1.f)));
  }

  void Widen(int64_t sample) {
    for (int c = 0; c < channels_; ++c) {
      for (int y = 0; y < height_; ++y) {
        for (int x = 0; x < width_; ++x) {
          const float value = FloatAt(At(sample, y, x, c));
          low_[c] = std::min(low_[c], value);
          high_[c] = std::max(high_[c], value);
        }
      }
    }
  }

  const TensorView& tensor_;
  bool last_ = true;
  int channels_ = 0;
  int height_ = 0;
  int width_ = 0;
  std::array<float, 3> low_ = {0, 0, 0};
  std::array<float, 3> high_ = {1, 1, 1};
};

absl::Status ReadLabels(const ReceivedBatch& batch, int64_t size,
                        std::vector<BatchSample>* samples) {
  const TensorView* label = batch.Find("label");
  if (label == nullptr) return absl::OkStatus();
  if (label->dtype == v1::INT64) {
    MILLRACE_ASSIGN_OR_RETURN(label,
                              FindChecked(batch, "label", v1::INT64, {size}));
    for (size_t i = 0; i < samples->size(); ++i) {
      (*samples)[i].label = label->values<int64_t>()[i];
    }
    return absl::OkStatus();
  }
  MILLRACE_ASSIGN_OR_RETURN(
      label, FindChecked(batch, "label", v1::FLOAT32, {size, -1}));
  const int64_t classes = label->shape[1];
  for (size_t i = 0; i < samples->size(); ++i) {
    const auto row = label->values<float>().subspan(i * classes, classes);
    const auto largest = std::max_element(row.begin(), row.end());
    if (largest != row.end() && *largest > 0) {
      (*samples)[i].label = largest - row.begin();
    }
  }
  return absl::OkStatus();
}

absl::Status ReadNumbers(const ReceivedBatch& batch, absl::string_view name,
                         int64_t size, int64_t BatchSample::*field,
                         std::vector<BatchSample>* samples) {
  MILLRACE_ASSIGN_OR_RETURN(const TensorView* tensor,
                            FindChecked(batch, name, v1::INT64, {size}));
  if (tensor == nullptr) return absl::OkStatus();
  for (size_t i = 0; i < samples->size(); ++i) {
    (*samples)[i].*field = tensor->values<int64_t>()[i];
  }
  return absl::OkStatus();
}

// The ragged tensors, whose first dimension counts boxes.
struct BoxTensors {
  const TensorView* offsets = nullptr;
  const TensorView* boxes = nullptr;
  const TensorView* labels = nullptr;
  const TensorView* crowd = nullptr;
  const TensorView* masks = nullptr;
  const TensorView* keypoints = nullptr;
};

absl::Status CheckOffsets(const TensorView& offsets, int64_t boxes) {
  int64_t last = 0;
  for (const int64_t offset : offsets.values<int64_t>()) {
    if (offset < last || offset > boxes) {
      return Wrong(offsets, "offsets must ascend and stay within the boxes");
    }
    last = offset;
  }
  return absl::OkStatus();
}

absl::StatusOr<BoxTensors> FindBoxes(const ReceivedBatch& batch,
                                     const Images& images) {
  BoxTensors found;
  MILLRACE_ASSIGN_OR_RETURN(found.boxes,
                            FindChecked(batch, "boxes", v1::FLOAT32, {-1, 4}));
  if (found.boxes == nullptr) return found;
  const int64_t boxes = found.boxes->shape[0];
  MILLRACE_ASSIGN_OR_RETURN(
      found.offsets,
      FindChecked(batch, "box_offsets", v1::INT64, {images.count() + 1}));
  if (found.offsets == nullptr) return Wrong(*found.boxes, "no box_offsets");
  MILLRACE_RETURN_IF_ERROR(CheckOffsets(*found.offsets, boxes));
  MILLRACE_ASSIGN_OR_RETURN(
      found.labels, FindChecked(batch, "box_labels", v1::INT64, {boxes}));
  MILLRACE_ASSIGN_OR_RETURN(
      found.crowd, FindChecked(batch, "box_crowd", v1::UINT8, {boxes}));
  MILLRACE_ASSIGN_OR_RETURN(
      found.masks, FindChecked(batch, "masks", v1::UINT8,
                               {boxes, images.height(), images.width()}));
  MILLRACE_ASSIGN_OR_RETURN(
      found.keypoints,
      FindChecked(batch, "keypoints", v1::FLOAT32, {boxes, -1, 3}));
  return found;
}

void ReadKeypoints(const TensorView& keypoints, int64_t box,
                   const v1::DatasetInfo& dataset, DrawnObject* object) {
  const int64_t count = keypoints.shape[1];
  const auto values =
      keypoints.values<float>().subspan(box * count * 3, count * 3);
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

DrawnObject ReadObject(const BoxTensors& tensors, int64_t box,
                       const v1::DatasetInfo& dataset) {
  const auto corners = tensors.boxes->values<float>().subspan(4 * box, 4);
  DrawnObject object;
  object.x = corners[0];
  object.y = corners[1];
  object.width = corners[2] - corners[0];
  object.height = corners[3] - corners[1];
  if (tensors.labels != nullptr) {
    const int64_t label = tensors.labels->values<int64_t>()[box];
    object.category = static_cast<int>(std::clamp<int64_t>(label, -1, 1 << 30));
    object.tag = TitleOf(dataset, label);
  }
  object.crowd = tensors.crowd != nullptr && tensors.crowd->bytes[box] != 0;
  if (object.crowd) absl::StrAppend(&object.tag, " (crowd)");
  if (tensors.masks != nullptr) {
    const int64_t pixels = tensors.masks->shape[1] * tensors.masks->shape[2];
    object.mask = tensors.masks->bytes.subspan(box * pixels, pixels);
  }
  if (tensors.keypoints != nullptr) {
    ReadKeypoints(*tensors.keypoints, box, dataset, &object);
  }
  return object;
}

absl::Status ReadObjects(const ReceivedBatch& batch, const Images& images,
                         const v1::DatasetInfo& dataset, BatchSamples* result) {
  MILLRACE_ASSIGN_OR_RETURN(const BoxTensors tensors, FindBoxes(batch, images));
  result->has_boxes = tensors.boxes != nullptr;
  if (!result->has_boxes) return absl::OkStatus();
  const auto offsets = tensors.offsets->values<int64_t>();
  for (size_t i = 0; i < result->samples.size(); ++i) {
    for (int64_t box = offsets[i]; box < offsets[i + 1]; ++box) {
      result->samples[i].objects.push_back(ReadObject(tensors, box, dataset));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadImages(const ReceivedBatch& batch, Images* images,
                        std::vector<BatchSample>* samples) {
  MILLRACE_ASSIGN_OR_RETURN(
      const TensorView* valid,
      FindChecked(batch, "valid", v1::UINT8, {images->count()}));
  std::vector<bool> shown(samples->size(), true);
  for (size_t i = 0; i < samples->size() && valid != nullptr; ++i) {
    shown[i] = valid->bytes[i] != 0;
  }
  images->Stretch(shown);
  for (size_t i = 0; i < samples->size(); ++i) {
    (*samples)[i].valid = shown[i];
    (*samples)[i].image = images->Get(i);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BatchSamples> ReadSamplesOf(const ReceivedBatch& batch,
                                           const v1::DatasetInfo& dataset,
                                           int64_t max_samples) {
  MILLRACE_ASSIGN_OR_RETURN(Images images, Images::Open(batch));
  MILLRACE_RETURN_IF_ERROR(images.Check());
  const int64_t size = images.count();
  BatchSamples result;
  result.batch_size = size;
  result.samples.resize(std::min(size, max_samples));
  auto* samples = &result.samples;
  MILLRACE_RETURN_IF_ERROR(ReadImages(batch, &images, samples));
  MILLRACE_RETURN_IF_ERROR(ReadLabels(batch, size, samples));
  MILLRACE_RETURN_IF_ERROR(
      ReadNumbers(batch, "ordinal", size, &BatchSample::ordinal, samples));
  MILLRACE_RETURN_IF_ERROR(
      ReadNumbers(batch, "source_id", size, &BatchSample::source_id, samples));
  MILLRACE_RETURN_IF_ERROR(ReadObjects(batch, images, dataset, &result));
  return result;
}

}  // namespace millrace::cli
