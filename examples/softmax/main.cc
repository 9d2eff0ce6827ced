// softmax: a complete trainer in C++. Streams digits from a Millrace server,
// fits a softmax regression, and tells how well it does.
//
//   millraced --data-dir DIR &
//   softmax --endpoint localhost:8090
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "client/dataset_query.h"
#include "client/malloc.h"
#include "client/plan_file.h"
#include "evaluation/confusion_matrix.h"
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

// Every sample once; the last batch is padded.
v1::Plan TestPlan() {
  v1::Plan plan;
  plan.set_dataset("mnist/test");
  plan.mutable_batch()->set_size(500);
  plan.mutable_batch()->set_remainder(v1::BatchOptions::PAD);
  return plan;
}

absl::StatusOr<v1::Plan> PlanOr(const std::string& file, v1::Plan otherwise) {
  if (file.empty()) return otherwise;
  return client::ReadPlanFile(file);
}

absl::StatusOr<std::vector<std::string>> ClassNames(
    const std::string& endpoint, const std::string& dataset) {
  MILLRACE_ASSIGN_OR_RETURN(
      const v1::DatasetInfo info,
      client::GetDataset(endpoint, dataset, absl::Seconds(30)));
  std::vector<std::string> names;
  for (const v1::Category& category : info.categories()) {
    names.push_back(category.name());
  }
  if (names.empty()) {
    return absl::FailedPreconditionError(dataset + " has no classes");
  }
  return names;
}

absl::Status Run(const Flags& flags) {
  MILLRACE_ASSIGN_OR_RETURN(const v1::Plan train_plan,
                            PlanOr(flags.train_plan, TrainPlan()));
  MILLRACE_ASSIGN_OR_RETURN(const v1::Plan test_plan,
                            PlanOr(flags.test_plan, TestPlan()));
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                            ClassNames(flags.endpoint, train_plan.dataset()));
  nlohmann::ordered_json json;
  const absl::Time start = absl::Now();
  const auto on_epoch = [&](const EpochResult& result) {
    json["epochs"].push_back(
        {{"loss", result.loss}, {"accuracy", result.accuracy}});
    if (flags.json) return;
    std::printf("epoch %2d   loss %.4f   training accuracy %.2f%%\n",
                static_cast<int>(result.epoch) + 1, result.loss,
                100 * result.accuracy);
    std::fflush(stdout);
  };
  MILLRACE_ASSIGN_OR_RETURN(Model model, Train(flags.endpoint, train_plan,
                                               static_cast<int>(names.size()),
                                               flags.train, on_epoch));
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  ConfusionMatrix matrix(names);
  MILLRACE_RETURN_IF_ERROR(Test(flags.endpoint, test_plan, &model, &matrix));
  json["training_seconds"] = seconds;
  json["test_samples"] = matrix.total();
  json["test_accuracy"] = matrix.accuracy();
  if (flags.json) {
    std::printf("%s\n", json.dump(2).c_str());
  } else {
    std::printf("\n%stest accuracy %.2f%% of %d samples, trained in %.1f s\n",
                matrix.ToString().c_str(), 100 * matrix.accuracy(),
                static_cast<int>(matrix.total()), seconds);
  }
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
