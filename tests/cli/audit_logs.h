// Audit logs made by hand: what trainers would have written, line by line.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cli/audit_run.h"
#include "millrace/v1/plan.pb.h"
#include "tests/cli/run_program.h"

namespace millrace::testing {

// What a plan makes of an epoch.
struct Course {
  v1::Plan plan;
  uint64_t plan_digest = 0x1122334455667788;
  uint64_t positions = 60;
  uint64_t global_batch = 12;
  // The word for a position < positions.
  std::function<std::string(uint64_t epoch, uint64_t position)> sample;

  // With padding if they do not fill the last one and the plan says so.
  uint64_t steps_per_epoch() const;
};

// 60 samples shuffled, in batches of 12: five steps an epoch.
Course ShuffledCourse();

// The logs of several ranks, in a folder of their own.
class AuditLogs {
 public:
  // Its streams have the numbers from `first_stream` on.
  explicit AuditLogs(Course course = ShuffledCourse(),
                     uint64_t first_stream = 0)
      : course_(std::move(course)), first_stream_(first_stream) {}

  const Course& course() const { return course_; }

  // A stream that was opened after all before it, in the log of its rank, and
  // then has the steps [start, end). Returns which one it is, from 0.
  uint64_t Stream(uint32_t rank, uint32_t world_size, uint64_t start,
                  uint64_t end);
  // One for each rank of a world.
  void World(uint32_t world_size, uint64_t start, uint64_t end);
  // More steps of a stream.
  void Steps(uint64_t stream, uint64_t start, uint64_t end);

  // The lines of a rank's log, to be mutated.
  std::vector<std::string>& lines(uint32_t rank);
  // Where the line of a step is, from 0; the first one of several.
  size_t LineOf(uint32_t rank, uint64_t step);
  // Changes the `index`-th sample of a step's line.
  void SetSample(uint32_t rank, uint64_t step, size_t index,
                 const std::string& word);
  std::string GetSample(uint32_t rank, uint64_t step, size_t index);

  // Writes the files and audits them.
  absl::StatusOr<cli::AuditReport> Audit(uint64_t epochs = 0,
                                         const std::string& data_dir = "");
  // Writes them; their paths.
  std::vector<std::string> Write();
  std::string Path(uint32_t rank) const;

 private:
  struct Opened {
    uint32_t rank = 0;
    uint32_t world_size = 1;
  };
  std::string StepText(const Opened& opened, uint64_t step) const;

  Course course_;
  uint64_t first_stream_;
  TempFolder folder_;
  std::vector<Opened> streams_;
  std::vector<std::vector<std::string>> logs_;
};

}  // namespace millrace::testing
