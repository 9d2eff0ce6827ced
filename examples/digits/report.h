// What trainers tell of their progress, and how.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "evaluation/confusion_matrix.h"

namespace millrace::digits {

struct EpochResult {
  uint64_t epoch = 0;   // From 0.
  double loss = 0;      // Mean cross-entropy, in nats, while learning.
  double accuracy = 0;  // Share of right predictions, while learning.
};

// Adds up what an epoch learned from.
struct Tally {
  double loss = 0;  // The sum of all samples'.
  uint64_t right = 0;
  uint64_t samples = 0;

  EpochResult Result(uint64_t epoch) const;
};

// For people on standard output, line by line; or for programs, as one JSON
// object at the end.
class Report {
 public:
  explicit Report(bool json) : print_json_(json) {}

  void AddEpoch(const EpochResult& result);
  // For programs only.
  template <typename T>
  void Set(const char* key, const T& value) {
    json_[key] = value;
  }
  // The last call; `seconds` is what training took.
  void Finish(const ConfusionMatrix& test, double seconds);

 private:
  const bool print_json_;
  nlohmann::ordered_json json_;
};

}  // namespace millrace::digits
