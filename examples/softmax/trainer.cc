#include "examples/softmax/trainer.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "evaluation/accuracy.h"
#include "examples/digits/samples.h"

namespace millrace::softmax {

namespace {

using client::BatchStream;
using client::ReceivedBatch;
using digits::Samples;
using digits::Tally;

client::BatchStreamOptions EpochsOf(const std::string& endpoint,
                                    const v1::Plan& plan, int epochs) {
  client::BatchStreamOptions options;
  options.endpoints = {endpoint};
  options.plan = plan;
  options.end_epoch = epochs;
  options.name = "softmax example";
  return options;
}

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
    const std::function<void(const digits::EpochResult&)>& on_epoch) {
  MILLRACE_ASSIGN_OR_RETURN(
      const auto stream,
      BatchStream::Open(EpochsOf(endpoint, plan, options.epochs)));
  const uint64_t steps = stream->opened().steps_per_epoch();
  const uint64_t all_steps = steps * options.epochs;
  std::optional<Model> model;
  Samples samples;
  Tally tally;
  for (uint64_t step = 0; step < all_steps; ++step) {
    MILLRACE_ASSIGN_OR_RETURN(const ReceivedBatch batch, stream->Next());
    MILLRACE_RETURN_IF_ERROR(digits::Unpack(batch, classes, &samples));
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
  return digits::ForEachBatch(
      EpochsOf(endpoint, plan, 1), matrix->classes(),
      [&](const Samples& samples) -> absl::Status {
        MILLRACE_RETURN_IF_ERROR(CheckFeatures(*model, samples));
        for (size_t i = 0; i < samples.size(); ++i) {
          matrix->Add(samples.labels[i], ArgMax(model->Predict(samples.x(i))));
        }
        return absl::OkStatus();
      });
}

}  // namespace millrace::softmax
