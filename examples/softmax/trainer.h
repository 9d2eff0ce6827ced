// Trains and tests a model on streams of batches.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/batch_stream.h"
#include "evaluation/confusion_matrix.h"
#include "examples/digits/report.h"
#include "examples/softmax/model.h"

namespace millrace::softmax {

struct TrainOptions {
  int epochs = 8;
  // Of the first step; falls evenly to zero at the last.
  float learning_rate = 0.5f;
};

// Streams options.epochs epochs of `plan` from `endpoint` into a new model for
// `classes` classes. Calls `on_epoch` after each.
absl::StatusOr<Model> Train(
    const std::string& endpoint, const v1::Plan& plan, int classes,
    const TrainOptions& options,
    const std::function<void(const digits::EpochResult&)>& on_epoch);

// Streams one epoch of `plan` and adds every prediction to *matrix.
absl::Status Test(const std::string& endpoint, const v1::Plan& plan,
                  Model* model, ConfusionMatrix* matrix);

}  // namespace millrace::softmax
