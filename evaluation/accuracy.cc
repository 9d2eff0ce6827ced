#include "evaluation/accuracy.h"

#include <algorithm>

namespace millrace {

namespace {

// How many classes come before this one.
int Rank(absl::Span<const float> scores, int64_t label) {
  int better = 0;
  for (int64_t i = 0; i < static_cast<int64_t>(scores.size()); ++i) {
    better +=
        scores[i] > scores[label] || (scores[i] == scores[label] && i < label);
  }
  return better;
}

}  // namespace

double TopKAccuracy(absl::Span<const float> scores,
                    absl::Span<const int64_t> labels, int classes, int k) {
  uint64_t counted = 0;
  uint64_t correct = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] >= classes) continue;
    ++counted;
    correct += Rank(scores.subspan(i * classes, classes), labels[i]) < k;
  }
  return counted == 0
             ? 0
             : static_cast<double>(correct) / static_cast<double>(counted);
}

int ArgMax(absl::Span<const float> scores) {
  return scores.empty()
             ? -1
             : static_cast<int>(std::max_element(scores.begin(), scores.end()) -
                                scores.begin());
}

}  // namespace millrace
