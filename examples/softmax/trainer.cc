#include "examples/softmax/trainer.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "evaluation/accuracy.h"

namespace millrace::softmax {

namespace {

using client::BatchStream;
using client::ReceivedBatch;
using client::TensorView;

// A batch as the model wants it.
struct Samples {
  std::vector<float> pixels;  // [size, features], 0..1
  std::vector<int> labels;
  int features = 0;

  size_t size() const { return labels.size(); }
  absl::Span<const float> x(size_t i) const {
    return absl::MakeConstSpan(pixels).subspan(i * features, features);
  }
};

absl::StatusOr<std::unique_ptr<BatchStream>> OpenEpochs(
    const std::string& endpoint, const v1::Plan& plan, int epochs) {
  client::BatchStreamOptions options;
  options.endpoints = {endpoint};
  options.plan = plan;
  options.end_epoch = epochs;
  options.name = "softmax example";
  return BatchStream::Open(std::move(options));
}

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

// Leaves out padding and samples without a label. Uses the memory of *samples
// again.
absl::Status Unpack(const ReceivedBatch& batch, int classes, Samples* samples) {
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
  samples->features = 1;
  for (size_t i = 1; i < image->shape.size(); ++i) {
    samples->features *= static_cast<int>(image->shape[i]);
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

// Adds up what an epoch learned from.
struct Tally {
  double loss = 0;
  uint64_t right = 0;
  uint64_t samples = 0;

  EpochResult Result(uint64_t epoch) const {
    const double count = static_cast<double>(samples);
    return {epoch, loss / count, static_cast<double>(right) / count};
  }
};

void Learn(const Samples& samples, float learning_rate, Model* model,
           Tally* tally) {
  for (size_t i = 0; i < samples.size(); ++i) {
    const int truth = samples.labels[i];
    tally->right += ArgMax(model->Predict(samples.x(i))) == truth;
    tally->loss += model->Accumulate(samples.x(i), truth);
    ++tally->samples;
  }
  model->Step(learning_rate);
}

absl::Status CheckFeatures(const Model& model, const Samples& samples) {
  if (model.features() == samples.features) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the model was trained on ", model.features(),
                   " pixels a sample, the test has ", samples.features));
}

}  // namespace

absl::StatusOr<Model> Train(
    const std::string& endpoint, const v1::Plan& plan, int classes,
    const TrainOptions& options,
    const std::function<void(const EpochResult&)>& on_epoch) {
  MILLRACE_ASSIGN_OR_RETURN(const auto stream,
                            OpenEpochs(endpoint, plan, options.epochs));
  const uint64_t steps = stream->opened().steps_per_epoch();
  const uint64_t all_steps = steps * options.epochs;
  std::optional<Model> model;
  Samples samples;
  Tally tally;
  for (uint64_t step = 0; step < all_steps; ++step) {
    MILLRACE_ASSIGN_OR_RETURN(const ReceivedBatch batch, stream->Next());
    MILLRACE_RETURN_IF_ERROR(Unpack(batch, classes, &samples));
    if (!model.has_value()) model.emplace(samples.features, classes);
    const double left =
        1 - static_cast<double>(step) / static_cast<double>(all_steps);
    Learn(samples, options.learning_rate * static_cast<float>(left), &*model,
          &tally);
    if (batch.step_in_epoch + 1 == steps) {
      on_epoch(tally.Result(batch.epoch));
      tally = {};
    }
  }
  return *std::move(model);
}

absl::Status Test(const std::string& endpoint, const v1::Plan& plan,
                  Model* model, ConfusionMatrix* matrix) {
  MILLRACE_ASSIGN_OR_RETURN(const auto stream, OpenEpochs(endpoint, plan, 1));
  Samples samples;
  while (true) {
    const absl::StatusOr<ReceivedBatch> batch = stream->Next();
    if (absl::IsOutOfRange(batch.status())) return absl::OkStatus();
    MILLRACE_RETURN_IF_ERROR(batch.status());
    MILLRACE_RETURN_IF_ERROR(Unpack(*batch, matrix->classes(), &samples));
    MILLRACE_RETURN_IF_ERROR(CheckFeatures(*model, samples));
    for (size_t i = 0; i < samples.size(); ++i) {
      matrix->Add(samples.labels[i], ArgMax(model->Predict(samples.x(i))));
    }
  }
}

}  // namespace millrace::softmax
