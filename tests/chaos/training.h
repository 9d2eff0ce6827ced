// A training job without a model: ranks that stream, save where they stand, are
// killed, go on, and become more or fewer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "millrace/v1/millrace.pb.h"
#include "tests/support/process.h"

namespace millrace::chaos {

struct TrainingOptions {
  std::string name;
  std::string plan_file;
  // Of the states and logs.
  std::string folder;
  std::vector<std::string> endpoints;
  uint32_t world_size = 4;
  uint64_t save_every = 5;
  // A rank without a step for so long is stuck.
  absl::Duration stall_limit = absl::Seconds(60);
};

// Of the streams that ended orderly; those that were killed cannot tell.
struct TrainingStats {
  uint64_t retries = 0;
  uint64_t reconnects = 0;
  uint64_t hedges = 0;
  uint64_t hedges_won = 0;
};

class Training {
 public:
  explicit Training(TrainingOptions options);

  // From step 0.
  void Start();

  const std::string& name() const { return options_.name; }
  uint32_t world_size() const { return options_.world_size; }
  // Those that every rank has done; 0 until all have a step.
  uint64_t epochs_complete() const;
  // Each rank has had a step.
  bool streaming() const;
  // 0: not known yet.
  uint64_t steps_per_epoch() const { return steps_per_epoch_; }
  // After the last one that the rank logged.
  uint64_t step(uint32_t rank) const { return ranks_[rank].step; }

  // SIGKILL, then on from its own state.
  void KillRank(uint32_t rank);

  // Ends all ranks by this signal and starts a world of another size where the
  // slowest of them stood by its state: what a trainer's joint checkpoint is.
  // INTERNAL: a rank does not end, or the states are unreadable.
  absl::Status Resize(uint32_t world_size, int signal);

  // Likewise with the same size, to stop after the epoch that the fastest rank
  // is in.
  absl::Status StartLastEpoch();

  // All ranks, for good.
  void Kill();

  // Looks at the logs. INTERNAL: a rank died by itself; DEADLINE_EXCEEDED: one
  // is stuck. Says which, where it stands and what it said last.
  absl::Status Watch(absl::Time now);

  // All ranks have ended well.
  bool finished() const;
  // The epoch that StartLastEpoch() chose to end before; 0: none yet.
  uint64_t end_epoch() const { return end_epoch_ == kEndless ? 0 : end_epoch_; }

  // Cuts off what a killed rank left half written; how many logs had such.
  absl::StatusOr<int> RepairLogs() const;
  std::vector<std::string> logs() const;
  const TrainingStats& stats() const { return stats_; }

 private:
  struct Rank {
    std::unique_ptr<Process> process;
    uint64_t log_bytes = 0;
    absl::Time moved;   // When the log last grew.
    uint64_t step = 0;  // After the last one logged.
    bool finished = false;
  };

  static constexpr uint64_t kEndless = 1'000'000'000;

  std::string Path(uint32_t rank, const char* ending) const;
  void StartRank(uint32_t rank);
  // The state of the slowest rank; absent: from the start.
  absl::StatusOr<v1::StreamState> Checkpoint() const;
  absl::Status StopAll(int signal);
  absl::Status StartWorld(const v1::StreamState& checkpoint);
  void ReadLog(uint32_t rank, absl::Time now);
  absl::Status Stuck(uint32_t rank, absl::Time now) const;
  void Count(const Process& process);

  TrainingOptions options_;
  uint32_t most_ranks_ = 0;
  uint64_t end_epoch_;
  uint64_t steps_per_epoch_ = 0;
  std::vector<Rank> ranks_;
  TrainingStats stats_;
};

}  // namespace millrace::chaos
