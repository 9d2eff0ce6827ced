// What an audit finds that is not as it should be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace millrace::cli {

struct AuditProblem {
  // "missing": a position that nobody had. "doubled": a position or a sample
  // that came more than once. "disorder": a step after a later one. "impure":
  // one position, two samples; or one batch, two contents. "misplaced": another
  // sample than the dataset's, or padding, where it does not belong.
  // "unfinished": fewer epochs than were demanded.
  std::string kind;
  uint64_t epoch = 0;
  uint64_t step = 0;
  std::string text;
};

// Keeps the first hundred, and counts all.
class AuditProblems {
 public:
  void Add(AuditProblem problem) {
    ++total_;
    epochs_.insert(problem.epoch);
    if (list_.size() < kMost) list_.push_back(std::move(problem));
  }

  bool full() const { return list_.size() >= kMost; }
  const std::vector<AuditProblem>& list() const { return list_; }
  uint64_t total() const { return total_; }
  // Whether something was wrong with this epoch.
  bool Has(uint64_t epoch) const { return epochs_.contains(epoch); }

 private:
  static constexpr size_t kMost = 100;

  std::vector<AuditProblem> list_;
  std::set<uint64_t> epochs_;
  uint64_t total_ = 0;
};

}  // namespace millrace::cli
