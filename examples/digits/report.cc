#include "examples/digits/report.h"

#include <cstdio>

namespace millrace::digits {

EpochResult Tally::Result(uint64_t epoch) const {
  const double count = static_cast<double>(samples);
  return {epoch, loss / count, static_cast<double>(right) / count};
}

void Report::AddEpoch(const EpochResult& result) {
  json_["epochs"].push_back(
      {{"loss", result.loss}, {"accuracy", result.accuracy}});
  if (print_json_) return;
  std::printf("epoch %2d   loss %.4f   training accuracy %.2f%%\n",
              static_cast<int>(result.epoch) + 1, result.loss,
              100 * result.accuracy);
  std::fflush(stdout);
}

void Report::Finish(const ConfusionMatrix& test, double seconds) {
  json_["training_seconds"] = seconds;
  json_["test_samples"] = test.total();
  json_["test_accuracy"] = test.accuracy();
  if (print_json_) {
    std::printf("%s\n", json_.dump(2).c_str());
  } else {
    std::printf("\n%stest accuracy %.2f%% of %d samples, trained in %.1f s\n",
                test.ToString().c_str(), 100 * test.accuracy(),
                static_cast<int>(test.total()), seconds);
  }
}

}  // namespace millrace::digits
