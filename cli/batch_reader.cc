#include "cli/batch_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "cli/checked_tensor.h"
#include "image/halves.h"

namespace millrace::cli {
namespace {

using client::ReceivedBatch;
using client::TensorView;

bool HoldsPixels(v1::DType dtype) {
  return dtype == v1::UINT8 || dtype == v1::FLOAT32 || dtype == v1::FLOAT16 ||
         dtype == v1::BFLOAT16;
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

// The largest first; at most two. One that is not above the one after it, as
// the many equal ones that smoothing leaves, is no part of a mixture.
std::vector<LabelShare> LargestShares(absl::Span<const float> row) {
  std::vector<LabelShare> all;
  for (size_t i = 0; i < row.size(); ++i) {
    if (row[i] > 0) all.push_back({static_cast<int64_t>(i), row[i]});
  }
  const size_t kept = std::min<size_t>(3, all.size());
  std::partial_sort(all.begin(), all.begin() + kept, all.end(),
                    [](const LabelShare& a, const LabelShare& b) {
                      return a.share > b.share ||
                             (a.share == b.share && a.label < b.label);
                    });
  const bool mixed =
      all.size() == 2 || (all.size() > 2 && all[1].share > all[2].share);
  all.resize(std::min<size_t>(mixed ? 2 : 1, all.size()));
  return all;
}

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
    (*samples)[i].shares = LargestShares(row);
    if (!(*samples)[i].shares.empty()) {
      (*samples)[i].label = (*samples)[i].shares[0].label;
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

absl::StatusOr<BatchSamples> ReadSamplesOf(
    const ReceivedBatch& batch, const v1::DatasetInfo& dataset,
    v1::BatchOptions::BoxFormat box_format, int64_t max_samples) {
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
  result.has_boxes = batch.Find("boxes") != nullptr;
  MILLRACE_ASSIGN_OR_RETURN(
      result.objects,
      BatchObjects::Open(batch, size, images.height(), images.width()));
  for (size_t i = 0; result.has_boxes && i < samples->size(); ++i) {
    (*samples)[i].objects = result.objects.Of(i, dataset, box_format);
  }
  return result;
}

}  // namespace millrace::cli
