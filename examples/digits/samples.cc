#include "examples/digits/samples.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace millrace::digits {

namespace {

using client::TensorView;

void AppendPixels(const TensorView& image, size_t sample, Samples* samples) {
  const size_t begin = sample * samples->features;
  if (image.dtype == v1::FLOAT32) {
    const auto values = image.values<float>().subspan(begin, samples->features);
    samples->pixels.insert(samples->pixels.end(), values.begin(), values.end());
    return;
  }
  for (const uint8_t value : image.bytes.subspan(begin, samples->features)) {
    samples->pixels.push_back(static_cast<float>(value) * (1.0f / 255));
  }
}

}  // namespace

absl::Status Unpack(const client::ReceivedBatch& batch, int classes,
                    Samples* samples) {
  const TensorView* image = batch.Find("image");
  const TensorView* label = batch.Find("label");
  if (image == nullptr || label == nullptr || label->dtype != v1::INT64 ||
      (image->dtype != v1::UINT8 && image->dtype != v1::FLOAT32) ||
      image->shape.empty() || image->shape[0] == 0) {
    return absl::InvalidArgumentError(
        "the plan must give images of UINT8 or FLOAT32 and int64 labels (no "
        "one_hot)");
  }
  samples->pixels.clear();
  samples->labels.clear();
  samples->shape.assign(image->shape.begin() + 1, image->shape.end());
  samples->features = 1;
  for (const int64_t side : samples->shape) {
    samples->features *= static_cast<int>(side);
  }
  const absl::Span<const int64_t> labels = label->values<int64_t>();
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) continue;
    if (labels[i] >= classes) {
      return absl::InvalidArgumentError(absl::StrCat(
          "label ", labels[i], " of a dataset with ", classes, " classes"));
    }
    AppendPixels(*image, i, samples);
    samples->labels.push_back(static_cast<int>(labels[i]));
  }
  return absl::OkStatus();
}

absl::Status ForEachBatch(client::BatchStreamOptions options, int classes,
                          absl::FunctionRef<absl::Status(const Samples&)> use) {
  MILLRACE_ASSIGN_OR_RETURN(const auto stream,
                            client::BatchStream::Open(std::move(options)));
  Samples samples;
  while (true) {
    const absl::StatusOr<client::ReceivedBatch> batch = stream->Next();
    if (absl::IsOutOfRange(batch.status())) return absl::OkStatus();
    MILLRACE_RETURN_IF_ERROR(batch.status());
    MILLRACE_RETURN_IF_ERROR(Unpack(*batch, classes, &samples));
    MILLRACE_RETURN_IF_ERROR(use(samples));
  }
}

}  // namespace millrace::digits
