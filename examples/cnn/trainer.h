// Streams digits into a network until it knows them, and keeps checkpoints.
//
//   auto trainer = Trainer::Open(options, classes);  // or goes on where it was
//   absl::Status status = (*trainer)->Run(on_epoch);
//   ... (*trainer)->Test(plan, &matrix) ...
//
// The weights at the end are a function of the options alone: not of the number
// of threads, nor of how often the run was stopped, killed and begun again from
// its checkpoint, nor of what servers did meanwhile.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/batch_stream.h"
#include "evaluation/confusion_matrix.h"
#include "examples/cnn/batch_learner.h"
#include "examples/cnn/checkpoint.pb.h"
#include "examples/cnn/network.h"
#include "examples/cnn/optimizer.h"
#include "examples/digits/report.h"
#include "examples/digits/samples.h"

namespace millrace::cnn {

struct TrainOptions {
  std::vector<std::string> endpoints;
  // Images of one size, at least 4 x 4, as NHWC; labels as class indices.
  v1::Plan plan;
  int epochs = 6;
  std::string optimizer = "adam";
  // Of the first step; falls evenly to zero at the last. 0: the optimizer's.
  float learning_rate = 0;
  // Of the first weights and of dropout.
  uint64_t seed = 1;
  int threads = 2;
  // Empty: none are kept. Otherwise one is written after each epoch and when
  // the run is stopped; and if the file exists, the run goes on from it.
  std::string checkpoint;
  // Looked at between steps, and several times a second while waiting for one.
  // Null: never stops.
  const std::atomic<bool>* stop = nullptr;
};

class Trainer {
 public:
  // Connects; see client::BatchStream::Open(). FAILED_PRECONDITION, naming
  // what differs, if the checkpoint is of other options; only `epochs`,
  // `threads` and `endpoints` may change. (With other epochs the learning rate
  // falls otherwise, from there on.)
  static absl::StatusOr<std::unique_ptr<Trainer>> Open(TrainOptions options,
                                                       int classes);

  // To the end of the last epoch. CANCELLED: stopped; the checkpoint, if there
  // is one, is where it stopped. Any other error leaves that of the last epoch.
  absl::Status Run(
      const std::function<void(const digits::EpochResult&)>& on_epoch);

  // Streams one epoch of `plan` and adds every prediction to *matrix.
  absl::Status Test(const v1::Plan& plan, ConfusionMatrix* matrix);

  // The step to learn from next, and where the last epoch ends.
  uint64_t next_step() const { return stream_->State().next_step(); }
  uint64_t end_step() const;
  // Samples that this object has learned from.
  uint64_t learned() const { return learned_; }
  // SHA-256 in hexadecimal digits, over the weights as little-endian floats.
  std::string WeightsDigest() const;

 private:
  Trainer(TrainOptions options, Network network);

  static absl::StatusOr<Network> NetworkFor(const v1::StreamOpened& opened,
                                            int classes);
  absl::Status Restore(const Checkpoint& checkpoint);
  absl::Status Save() const;
  // One step.
  absl::Status Learn();
  absl::StatusOr<client::ReceivedBatch> NextUnlessStopped();
  bool Stopped() const;

  const TrainOptions options_;
  const Network network_;
  BatchLearner learner_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<client::BatchStream> stream_;
  std::vector<float> weights_;
  digits::Samples samples_;
  digits::Tally tally_;  // Of the epoch so far.
  uint64_t learned_ = 0;
};

}  // namespace millrace::cnn
