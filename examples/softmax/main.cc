// softmax: a complete trainer in C++. Streams digits from a Millrace server,
// fits a softmax regression, and tells how well it does.
//
//   millraced --data-dir DIR &
//   softmax --endpoint localhost:8090
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "client/malloc.h"
#include "evaluation/confusion_matrix.h"
#include "examples/digits/datasets.h"
#include "examples/digits/report.h"
#include "examples/softmax/trainer.h"

namespace millrace::softmax {
namespace {

struct Flags {
  std::string endpoint;
  std::string train_plan;
  std::string test_plan;
  TrainOptions train;
  bool json = false;
};

// Shuffled anew in every epoch. Pixels travel as bytes; the trainer scales
// them.
v1::Plan TrainPlan() {
  v1::Plan plan;
  plan.set_dataset("mnist/train");
  plan.mutable_sampler()->set_order(v1::Sampler::SHUFFLE);
  plan.set_seed(1);
  plan.mutable_batch()->set_size(128);
  return plan;
}

absl::Status Run(const Flags& flags) {
  MILLRACE_ASSIGN_OR_RETURN(const v1::Plan train_plan,
                            digits::PlanOr(flags.train_plan, TrainPlan()));
  MILLRACE_ASSIGN_OR_RETURN(
      const v1::Plan test_plan,
      digits::PlanOr(flags.test_plan, digits::TestPlan()));
  MILLRACE_ASSIGN_OR_RETURN(
      const std::vector<std::string> names,
      digits::ClassNames({flags.endpoint}, train_plan.dataset()));
  digits::Report report(flags.json);
  const absl::Time start = absl::Now();
  MILLRACE_ASSIGN_OR_RETURN(
      Model model,
      Train(flags.endpoint, train_plan, static_cast<int>(names.size()),
            flags.train, [&report](const digits::EpochResult& result) {
              report.AddEpoch(result);
            }));
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  ConfusionMatrix matrix(names);
  MILLRACE_RETURN_IF_ERROR(Test(flags.endpoint, test_plan, &model, &matrix));
  report.Finish(matrix, seconds);
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app("Trains a softmax regression on digits that a server streams.",
               "softmax");
  app.add_option("--endpoint", flags.endpoint, "The server")
      ->type_name("HOST:PORT")
      ->required();
  app.add_option("--train-plan", flags.train_plan,
                 "A plan file instead of shuffled mnist/train")
      ->type_name("FILE");
  app.add_option("--test-plan", flags.test_plan,
                 "A plan file instead of all of mnist/test")
      ->type_name("FILE");
  app.add_option("--epochs", flags.train.epochs, "Passes over the data")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app.add_option("--learning-rate", flags.train.learning_rate,
                 "At the start; falls evenly to zero")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_flag("--json", flags.json, "Print the result as JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return 2;
  }
  client::KeepFreedMemory();
  const absl::Status status = Run(flags);
  if (status.ok()) return 0;
  std::fprintf(stderr, "softmax: %s\n", status.ToString().c_str());
  return 1;
}

}  // namespace
}  // namespace millrace::softmax

int main(int argc, char** argv) { return millrace::softmax::Main(argc, argv); }
