#include "examples/cnn/trainer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/digest.h"
#include "base/status_macros.h"
#include "examples/cnn/checkpoint_file.h"

namespace millrace::cnn {

namespace {

using client::BatchStream;
using client::ReceivedBatch;

constexpr absl::Duration kBetweenLooks = absl::Milliseconds(200);
constexpr int kSmallestSide = 4;

client::BatchStreamOptions EpochsOf(const std::vector<std::string>& endpoints,
                                    const v1::Plan& plan, int epochs) {
  client::BatchStreamOptions options;
  options.endpoints = endpoints;
  options.plan = plan;
  options.end_epoch = epochs;
  options.name = "cnn example";
  return options;
}

// [N, height, width, channels], as the server announces it.
absl::StatusOr<Shape> ImageShape(const v1::StreamOpened& opened) {
  if (opened.plan().batch().layout() != v1::BatchOptions::NHWC) {
    return absl::InvalidArgumentError(
        "the plan must ask for the layout NHWC, the default");
  }
  for (const v1::TensorSpec& tensor : opened.tensors()) {
    if (tensor.name() != "image" || tensor.shape_size() != 4) continue;
    const Shape shape{static_cast<int>(tensor.shape(1)),
                      static_cast<int>(tensor.shape(2)),
                      static_cast<int>(tensor.shape(3))};
    if (std::min(shape.height, shape.width) >= kSmallestSide) return shape;
    return absl::InvalidArgumentError(
        absl::StrCat("images of ", shape.height, " x ", shape.width,
                     " are too small: two poolings need 4 x 4 at least"));
  }
  return absl::InvalidArgumentError("the plan gives no images of one size");
}

absl::Status Differs(const std::string& file, absl::string_view what,
                     const std::string& saved, const std::string& wanted) {
  return absl::FailedPreconditionError(
      absl::StrCat(file, " was saved with ", what, " ", saved, ", not ", wanted,
                   ": go on with that, or choose another file to begin anew"));
}

// What may not change between a checkpoint and the run that goes on from it,
// beside the plan, which the stream looks at.
absl::Status CheckOptions(const Checkpoint& checkpoint,
                          const TrainOptions& options) {
  const std::string& file = options.checkpoint;
  if (checkpoint.optimizer() != options.optimizer) {
    return Differs(file, "the optimizer", checkpoint.optimizer(),
                   options.optimizer);
  }
  if (checkpoint.learning_rate() != options.learning_rate) {
    return Differs(file, "the learning rate",
                   absl::StrCat(checkpoint.learning_rate()),
                   absl::StrCat(options.learning_rate));
  }
  if (checkpoint.seed() != options.seed) {
    return Differs(file, "the seed", absl::StrCat(checkpoint.seed()),
                   absl::StrCat(options.seed));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::Open(TrainOptions options,
                                                       int classes) {
  std::optional<Checkpoint> checkpoint;
  if (!options.checkpoint.empty()) {
    MILLRACE_ASSIGN_OR_RETURN(checkpoint, LoadCheckpoint(options.checkpoint));
  }
  client::BatchStreamOptions stream_options =
      EpochsOf(options.endpoints, options.plan, options.epochs);
  if (checkpoint.has_value()) {
    stream_options.restore.emplace();
    if (!stream_options.restore->ParseFromString(checkpoint->stream_state())) {
      return absl::DataLossError(options.checkpoint +
                                 " holds no state of a stream");
    }
  }
  MILLRACE_ASSIGN_OR_RETURN(auto stream,
                            BatchStream::Open(std::move(stream_options)));
  MILLRACE_ASSIGN_OR_RETURN(Network network,
                            NetworkFor(stream->opened(), classes));
  MILLRACE_ASSIGN_OR_RETURN(
      auto optimizer, Optimizer::Create(options.optimizer, network.weights()));
  if (options.learning_rate == 0) {
    options.learning_rate = optimizer->default_rate();
  }
  std::unique_ptr<Trainer> trainer(
      new Trainer(std::move(options), std::move(network)));
  trainer->stream_ = std::move(stream);
  trainer->optimizer_ = std::move(optimizer);
  if (checkpoint.has_value()) {
    MILLRACE_RETURN_IF_ERROR(trainer->Restore(*checkpoint));
  }
  return trainer;
}

Trainer::Trainer(TrainOptions options, Network network)
    : options_(std::move(options)),
      network_(std::move(network)),
      learner_(&network_, options_.threads),
      weights_(network_.Initialize(options_.seed)) {}

absl::StatusOr<Network> Trainer::NetworkFor(const v1::StreamOpened& opened,
                                            int classes) {
  MILLRACE_ASSIGN_OR_RETURN(const Shape shape, ImageShape(opened));
  return DigitNetwork(shape, classes);
}

absl::Status Trainer::Restore(const Checkpoint& checkpoint) {
  MILLRACE_RETURN_IF_ERROR(CheckOptions(checkpoint, options_));
  if (static_cast<size_t>(checkpoint.weights_size()) != weights_.size()) {
    return Differs(options_.checkpoint, "a network of",
                   absl::StrCat(checkpoint.weights_size(), " weights"),
                   absl::StrCat(weights_.size()));
  }
  weights_.assign(checkpoint.weights().begin(), checkpoint.weights().end());
  tally_ = {checkpoint.loss_sum(), checkpoint.right(), checkpoint.samples()};
  return optimizer_->Restore(checkpoint.optimizer_steps(),
                             {checkpoint.optimizer_memory().begin(),
                              checkpoint.optimizer_memory().end()});
}

absl::Status Trainer::Save() const {
  if (options_.checkpoint.empty()) return absl::OkStatus();
  Checkpoint checkpoint;
  checkpoint.set_version(kCheckpointVersion);
  checkpoint.set_optimizer(options_.optimizer);
  checkpoint.set_learning_rate(options_.learning_rate);
  checkpoint.set_seed(options_.seed);
  checkpoint.mutable_weights()->Add(weights_.begin(), weights_.end());
  checkpoint.set_optimizer_steps(optimizer_->steps());
  checkpoint.mutable_optimizer_memory()->Add(optimizer_->memory().begin(),
                                             optimizer_->memory().end());
  checkpoint.set_stream_state(stream_->State().SerializeAsString());
  checkpoint.set_loss_sum(tally_.loss);
  checkpoint.set_right(tally_.right);
  checkpoint.set_samples(tally_.samples);
  return SaveCheckpoint(options_.checkpoint, checkpoint);
}

uint64_t Trainer::end_step() const {
  return stream_->opened().steps_per_epoch() * options_.epochs;
}

absl::Status Trainer::Run(
    const std::function<void(const digits::EpochResult&)>& on_epoch) {
  const uint64_t steps = stream_->opened().steps_per_epoch();
  while (next_step() < end_step()) {
    const absl::Status status = Learn();
    if (absl::IsCancelled(status)) MILLRACE_RETURN_IF_ERROR(Save());
    MILLRACE_RETURN_IF_ERROR(status);
    if (next_step() % steps != 0) continue;
    const digits::EpochResult result = tally_.Result(next_step() / steps - 1);
    tally_ = {};
    MILLRACE_RETURN_IF_ERROR(Save());
    on_epoch(result);
  }
  return absl::OkStatus();
}

absl::Status Trainer::Learn() {
  const double left =
      1 - static_cast<double>(next_step()) / static_cast<double>(end_step());
  MILLRACE_ASSIGN_OR_RETURN(const ReceivedBatch batch, NextUnlessStopped());
  MILLRACE_RETURN_IF_ERROR(
      digits::Unpack(batch, network_.output().size(), &samples_));
  if (samples_.size() == 0) return absl::OkStatus();
  const absl::Span<const float> gradient =
      learner_.Gradient(weights_, samples_, options_.seed, batch.step, &tally_);
  optimizer_->Step(gradient, options_.learning_rate * static_cast<float>(left),
                   absl::MakeSpan(weights_));
  learned_ += samples_.size();
  return absl::OkStatus();
}

bool Trainer::Stopped() const {
  return options_.stop != nullptr && *options_.stop;
}

absl::StatusOr<ReceivedBatch> Trainer::NextUnlessStopped() {
  while (!Stopped()) {
    absl::StatusOr<ReceivedBatch> batch =
        stream_->NextBefore(absl::Now() + kBetweenLooks);
    if (!absl::IsDeadlineExceeded(batch.status())) return batch;
  }
  return absl::CancelledError(
      absl::StrCat("stopped before step ", next_step(), " of ", end_step()));
}

absl::Status Trainer::Test(const v1::Plan& plan, ConfusionMatrix* matrix) {
  return digits::ForEachBatch(
      EpochsOf(options_.endpoints, plan, 1), matrix->classes(),
      [&](const digits::Samples& samples) -> absl::Status {
        const Shape& input = network_.input();
        if (samples.shape !=
            std::vector<int64_t>{input.height, input.width, input.channels}) {
          return absl::InvalidArgumentError(absl::StrCat(
              "the network was trained on images of ", input.height, " x ",
              input.width, " x ", input.channels,
              ", which those of the test are not"));
        }
        const std::vector<int> classes = learner_.Predict(weights_, samples);
        for (size_t i = 0; i < samples.size(); ++i) {
          matrix->Add(samples.labels[i], classes[i]);
        }
        return absl::OkStatus();
      });
}

std::string Trainer::WeightsDigest() const {
  return ToHex(
      Sha256Of(absl::string_view(reinterpret_cast<const char*>(weights_.data()),
                                 weights_.size() * sizeof(float))));
}

}  // namespace millrace::cnn
