// Which classes a classifier takes for which.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace millrace {

// Counts of (truth, prediction) pairs. Not thread-safe.
class ConfusionMatrix {
 public:
  // One name a class; classes are 0 .. names.size() - 1.
  explicit ConfusionMatrix(std::vector<std::string> names);

  // Both must be classes.
  void Add(int truth, int prediction);

  int classes() const { return static_cast<int>(names_.size()); }
  uint64_t total() const { return total_; }
  uint64_t count(int truth, int prediction) const;

  // Share of correct predictions; 0 if there are none at all.
  double accuracy() const;
  // Of the samples of a class, the share predicted as it; 0 without samples.
  double recall(int truth) const;
  // Of the predictions of a class, the share that is right; 0 without any.
  double precision(int prediction) const;

  // A table for people: one row a true class, one column a prediction, with
  // recall at the end of each row, precision below, accuracy in the corner.
  std::string ToString() const;

 private:
  uint64_t Row(int truth) const;
  uint64_t Column(int prediction) const;

  std::vector<std::string> names_;
  std::vector<uint64_t> counts_;  // Row-major: truth, prediction.
  uint64_t total_ = 0;
};

}  // namespace millrace
