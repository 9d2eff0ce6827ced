// cnn: a trainer in C++ that survives being stopped. Streams augmented digits
// from Millrace servers into a convolutional network; see README.md.
//
//   millraced --data-dir DIR &
//   cnn --endpoint localhost:8090 --checkpoint digits.checkpoint
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "base/interrupt.h"
#include "base/status_macros.h"
#include "client/malloc.h"
#include "examples/cnn/trainer.h"
#include "examples/digits/datasets.h"
#include "examples/digits/report.h"

namespace millrace::cnn {
namespace {

struct Flags {
  TrainOptions train;
  uint32_t batch = 128;
  std::string train_plan;
  std::string test_plan;
  bool json = false;
};

constexpr char kFooter[] =
    "Learning rates, unless --learning-rate is given: adam 0.002, rmsprop "
    "0.001,\nsgd 0.03. They fall evenly to zero at the last step.\n"
    "\n"
    "The same flags give the same weights, whatever --threads, and whether the "
    "run\nwas stopped (Ctrl-C), killed, or lost a server on the way: compare "
    "the printed\nSHA-256. After a stop, run the same command again.\n"
    "\n"
    "Example:\n"
    "  millrace ingest mnist --dataset mnist/train \\\n"
    "      --images train-images-idx3-ubyte.gz \\\n"
    "      --labels train-labels-idx1-ubyte.gz --data-dir DIR\n"
    "  millrace ingest mnist --dataset mnist/test \\\n"
    "      --images t10k-images-idx3-ubyte.gz \\\n"
    "      --labels t10k-labels-idx1-ubyte.gz --data-dir DIR\n"
    "  millraced --data-dir DIR &\n"
    "  cnn --endpoint localhost:8090 --checkpoint digits.checkpoint\n"
    "\n"
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped.";

// Shuffled anew in every epoch, and every digit turned and moved a little, so
// that the network never sees the same image twice. As a file:
// examples/plans/mnist_augmented.textproto.
v1::Plan TrainPlan(uint64_t seed, uint32_t batch) {
  v1::Plan plan;
  plan.set_dataset("mnist/train");
  plan.mutable_sampler()->set_order(v1::Sampler::SHUFFLE);
  plan.set_seed(seed);
  v1::RandomAffine* affine = plan.add_transforms()->mutable_random_affine();
  affine->add_degrees(10);      // Either way.
  affine->add_translate(0.08);  // Of the width: about two pixels.
  affine->add_translate(0.08);
  affine->set_interpolation(v1::BILINEAR);
  plan.mutable_batch()->set_size(batch);
  return plan;
}

absl::Status Run(Flags flags, std::atomic<bool>* learning) {
  MILLRACE_ASSIGN_OR_RETURN(
      flags.train.plan,
      digits::PlanOr(flags.train_plan,
                     TrainPlan(flags.train.seed, flags.batch)));
  MILLRACE_ASSIGN_OR_RETURN(
      const v1::Plan test_plan,
      digits::PlanOr(flags.test_plan, digits::TestPlan()));
  MILLRACE_ASSIGN_OR_RETURN(
      const std::vector<std::string> names,
      digits::ClassNames(flags.train.endpoints, flags.train.plan.dataset()));
  MILLRACE_ASSIGN_OR_RETURN(
      const auto trainer,
      Trainer::Open(flags.train, static_cast<int>(names.size())));
  if (trainer->next_step() > 0) {
    std::fprintf(stderr, "cnn: going on from step %llu of %llu, as %s says\n",
                 static_cast<unsigned long long>(trainer->next_step()),
                 static_cast<unsigned long long>(trainer->end_step()),
                 flags.train.checkpoint.c_str());
  }
  digits::Report report(flags.json);
  const absl::Time start = absl::Now();
  *learning = true;
  const absl::Status status =
      trainer->Run([&report](const digits::EpochResult& result) {
        report.AddEpoch(result);
      });
  *learning = false;
  MILLRACE_RETURN_IF_ERROR(status);
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  ConfusionMatrix matrix(names);
  MILLRACE_RETURN_IF_ERROR(trainer->Test(test_plan, &matrix));
  report.Set("weights_sha256", trainer->WeightsDigest());
  report.Set("images_per_second",
             static_cast<double>(trainer->learned()) / seconds);
  report.Finish(matrix, seconds);
  if (!flags.json) {
    std::printf("%.0f images/s, weights SHA-256 %s\n",
                static_cast<double>(trainer->learned()) / seconds,
                trainer->WeightsDigest().c_str());
  }
  return absl::OkStatus();
}

void AddFlags(CLI::App* app, Flags* flags) {
  TrainOptions& train = flags->train;
  train.threads =
      std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  app->add_option("--endpoint", train.endpoints,
                  "A server; several times for several, between which the "
                  "stream balances")
      ->type_name("HOST:PORT")
      ->required()
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app->add_option("--epochs", train.epochs, "Passes over the data")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  CLI::Option* batch =
      app->add_option("--batch", flags->batch, "Samples of a step")
          ->check(CLI::Range(1, 65536))
          ->capture_default_str();
  app->add_option("--optimizer", train.optimizer, "adam, rmsprop or sgd")
      ->check(CLI::IsMember({"adam", "rmsprop", "sgd"}))
      ->capture_default_str();
  app->add_option("--learning-rate", train.learning_rate,
                  "At the first step; see below")
      ->check(CLI::PositiveNumber);
  app->add_option("--seed", train.seed,
                  "Of the shuffle, the augmentation, the first weights and "
                  "dropout")
      ->capture_default_str();
  app->add_option("--checkpoint", train.checkpoint,
                  "Saves weights, optimizer and the place in the stream after "
                  "each epoch and on Ctrl-C or SIGTERM; goes on from there if "
                  "the file exists")
      ->type_name("FILE");
  app->add_option("--threads", train.threads,
                  "That learn; the result does not depend on it")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app->add_option("--train-plan", flags->train_plan,
                  "A plan file instead of mnist/train, shuffled and augmented; "
                  "has its own batch size and seed")
      ->type_name("FILE")
      ->excludes(batch);
  app->add_option("--test-plan", flags->test_plan,
                  "A plan file instead of all of mnist/test")
      ->type_name("FILE");
  app->add_flag("--json", flags->json, "Print the result as JSON");
  app->footer(kFooter);
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app(
      "Trains a convolutional network on digits that Millrace servers stream.",
      "cnn");
  AddFlags(&app, &flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return 2;
  }
  client::KeepFreedMemory();
  // Before and after learning there is nothing to save.
  std::atomic<bool> learning = false;
  const Interrupt interrupt([&learning] {
    if (!learning) std::_Exit(kInterrupted);
  });
  flags.train.stop = interrupt.flag();
  const std::string checkpoint = flags.train.checkpoint;
  const absl::Status status = Run(std::move(flags), &learning);
  if (status.ok()) return 0;
  if (absl::IsCancelled(status) && *interrupt.flag()) {
    std::fprintf(stderr, "cnn: %s; %s\n", std::string(status.message()).c_str(),
                 checkpoint.empty()
                     ? "nothing was saved: there is no --checkpoint"
                     : "run the same command again to go on");
    return kInterrupted;
  }
  std::fprintf(stderr, "cnn: %s\n", status.ToString().c_str());
  return 1;
}

}  // namespace
}  // namespace millrace::cnn

int main(int argc, char** argv) { return millrace::cnn::Main(argc, argv); }
