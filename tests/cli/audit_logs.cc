#include "tests/cli/audit_logs.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace millrace::testing {

namespace {

// STREAM step EPOCH STEP DIGEST, then the samples.
constexpr size_t kFirstSample = 5;

}  // namespace

uint64_t Course::steps_per_epoch() const {
  const bool pad = plan.batch().remainder() == v1::BatchOptions::PAD;
  return (positions + (pad ? global_batch - 1 : 0)) / global_batch;
}

Course ShuffledCourse() {
  Course course;
  course.plan.set_dataset("digits@0123456789abcdef");
  course.plan.mutable_sampler()->set_order(v1::Sampler::SHUFFLE);
  course.plan.mutable_batch()->set_size(12);
  // 7 and 60 have no common divisor.
  course.sample = [](uint64_t epoch, uint64_t position) {
    return absl::StrCat((position * 7 + epoch * 5) % 60);
  };
  return course;
}

uint64_t AuditLogs::Stream(uint32_t rank, uint32_t world_size, uint64_t start,
                           uint64_t end) {
  const uint64_t stream = streams_.size();
  streams_.push_back({rank, world_size});
  lines(rank).push_back(absl::StrFormat(
      "%016x open 1 %d %d %d %d %d %d %d %016x %s", first_stream_ + stream,
      1700000000000000 + stream, rank, world_size, start,
      course_.steps_per_epoch(), course_.positions, course_.global_batch,
      course_.plan_digest,
      absl::WebSafeBase64Escape(course_.plan.SerializeAsString())));
  Steps(stream, start, end);
  return stream;
}

void AuditLogs::World(uint32_t world_size, uint64_t start, uint64_t end) {
  for (uint32_t rank = 0; rank < world_size; ++rank) {
    Stream(rank, world_size, start, end);
  }
}

void AuditLogs::Steps(uint64_t stream, uint64_t start, uint64_t end) {
  for (uint64_t step = start; step < end; ++step) {
    lines(streams_[stream].rank)
        .push_back(absl::StrFormat("%016x %s", first_stream_ + stream,
                                   StepText(streams_[stream], step)));
  }
}

std::string AuditLogs::StepText(const Opened& opened, uint64_t step) const {
  const uint64_t epoch = step / course_.steps_per_epoch();
  const uint64_t share = course_.global_batch / opened.world_size;
  const uint64_t first =
      step % course_.steps_per_epoch() * course_.global_batch +
      opened.rank * share;
  std::string text =
      absl::StrFormat("step %d %d %016x", epoch, step,
                      step * 1000 + opened.world_size * 100 + opened.rank);
  for (uint64_t i = first; i < first + share; ++i) {
    absl::StrAppend(&text, " ",
                    i < course_.positions ? course_.sample(epoch, i) : "-1");
  }
  return text;
}

std::vector<std::string>& AuditLogs::lines(uint32_t rank) {
  if (logs_.size() <= rank) logs_.resize(rank + 1);
  return logs_[rank];
}

size_t AuditLogs::LineOf(uint32_t rank, uint64_t step) {
  const std::string text =
      absl::StrCat(" step ", step / course_.steps_per_epoch(), " ", step, " ");
  for (size_t i = 0; i < lines(rank).size(); ++i) {
    if (absl::StrContains(lines(rank)[i], text)) return i;
  }
  ADD_FAILURE() << "no step " << step << " of rank " << rank;
  return 0;
}

std::string AuditLogs::GetSample(uint32_t rank, uint64_t step, size_t index) {
  const std::vector<std::string> words =
      absl::StrSplit(lines(rank)[LineOf(rank, step)], ' ');
  return words[kFirstSample + index];
}

void AuditLogs::SetSample(uint32_t rank, uint64_t step, size_t index,
                          const std::string& word) {
  std::string& line = lines(rank)[LineOf(rank, step)];
  std::vector<std::string> words = absl::StrSplit(line, ' ');
  words[kFirstSample + index] = word;
  line = absl::StrJoin(words, " ");
}

std::string AuditLogs::Path(uint32_t rank) const {
  return folder_ / absl::StrCat("rank", rank, ".log");
}

std::vector<std::string> AuditLogs::Write() {
  std::vector<std::string> paths;
  for (uint32_t rank = 0; rank < logs_.size(); ++rank) {
    paths.push_back(Path(rank));
    std::string text;
    for (const std::string& line : logs_[rank]) {
      absl::StrAppend(&text, line, "\n");
    }
    WriteFile(paths.back(), text);
  }
  return paths;
}

absl::StatusOr<cli::AuditReport> AuditLogs::Audit(uint64_t epochs,
                                                  const std::string& data_dir) {
  return cli::Audit({.logs = Write(),
                     .data_dir = data_dir,
                     .epochs = epochs,
                     .on_bytes = {},
                     .on_records = {}});
}

}  // namespace millrace::testing
