#include "cli/audit_index.h"

#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "base/status_macros.h"

namespace millrace::cli {

namespace {

constexpr uint64_t kProgressLines = 4096;

class IndexReader {
 public:
  IndexReader(const std::vector<std::string>& logs,
              const AuditProgress& progress)
      : progress_(progress) {
    index_.logs = logs;
  }

  absl::StatusOr<AuditIndex> Read();

 private:
  absl::Status ReadLog(size_t log);
  absl::Status ReadLine(absl::string_view line);
  absl::Status Add(OpenLine open);
  absl::Status Add(const StepLine& step, uint32_t length);
  // Of the first stream, or those of the first one.
  absl::Status CheckPlan(const OpenLine& open);
  // A step that is not later than the stream's last one.
  void AddLate(const AuditRecord& record, AuditStream* stream);
  std::string Here() const { return index_.Place(log_, line_); }

  template <typename... Args>
  absl::Status Wrong(const Args&... args) const {
    return absl::InvalidArgumentError(
        absl::StrCat(Here(), ": ", absl::StrCat(args...)));
  }

  const AuditProgress& progress_;
  AuditIndex index_;
  std::map<uint64_t, size_t> streams_;  // By number.
  // The line being read.
  size_t log_ = 0;
  uint32_t line_ = 0;
  uint64_t offset_ = 0;
  uint64_t done_ = 0;
  uint64_t total_ = 0;
};

absl::Status CannotRead(const std::string& log) {
  return absl::NotFoundError(
      absl::StrCat("cannot read ", log, ": ", std::strerror(errno)));
}

absl::StatusOr<AuditIndex> IndexReader::Read() {
  for (const std::string& log : index_.logs) {
    std::error_code error;
    const uint64_t size = std::filesystem::file_size(log, error);
    if (!error) total_ += size;
  }
  for (size_t log = 0; log < index_.logs.size(); ++log) {
    MILLRACE_RETURN_IF_ERROR(ReadLog(log));
  }
  if (index_.streams.empty()) {
    return absl::InvalidArgumentError(
        "no stream was opened in any of these logs");
  }
  // Of one time: in the order of the logs.
  std::stable_sort(index_.streams.begin(), index_.streams.end(),
                   [](const AuditStream& a, const AuditStream& b) {
                     return a.open.unix_micros < b.open.unix_micros;
                   });
  return std::move(index_);
}

absl::Status IndexReader::ReadLog(size_t log) {
  log_ = log;
  line_ = 0;
  offset_ = 0;
  std::ifstream file(index_.logs[log], std::ios::binary);
  if (!file) return CannotRead(index_.logs[log]);
  for (std::string line; std::getline(file, line);) {
    ++line_;
    if (file.eof()) {
      return Wrong(
          "the last line is torn: the disk was full, or the trainer was killed "
          "while it wrote, before it had this step. To audit what comes before "
          "it: truncate -s ",
          offset_, " ", index_.logs[log]);
    }
    MILLRACE_RETURN_IF_ERROR(ReadLine(line));
    offset_ += line.size() + 1;
    done_ += line.size() + 1;
    if (progress_ && line_ % kProgressLines == 0) progress_(done_, total_);
  }
  if (file.bad()) return CannotRead(index_.logs[log]);
  return absl::OkStatus();
}

absl::Status IndexReader::ReadLine(absl::string_view line) {
  auto parsed = ParseAuditLine(line);
  if (!parsed.ok()) return Wrong(parsed.status().message());
  if (auto* open = std::get_if<OpenLine>(&*parsed)) {
    return Add(std::move(*open));
  }
  return Add(std::get<StepLine>(*parsed), static_cast<uint32_t>(line.size()));
}

absl::Status IndexReader::Add(OpenLine open) {
  const auto [known, fresh] =
      streams_.emplace(open.stream, index_.streams.size());
  if (!fresh) {
    const AuditStream& first = index_.streams[known->second];
    return Wrong("this stream was opened at ",
                 index_.Place(first.log, first.line),
                 ", too: was one log given twice?");
  }
  MILLRACE_RETURN_IF_ERROR(CheckPlan(open));
  open.plan.clear();
  index_.streams.push_back(
      {.open = std::move(open), .log = log_, .line = line_, .records = {}});
  return absl::OkStatus();
}

absl::Status IndexReader::CheckPlan(const OpenLine& open) {
  v1::Plan plan;
  if (!plan.ParseFromString(open.plan)) return Wrong("PLAN is no plan");
  if (index_.streams.empty()) {
    index_.plan = plan;
    index_.plan_digest = open.plan_digest;
    index_.steps_per_epoch = open.steps_per_epoch;
    index_.positions = open.positions;
    index_.global_batch = open.global_batch;
    return absl::OkStatus();
  }
  const AuditStream& first = index_.streams[0];
  std::string differences;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&differences);
  const bool same_plan = differencer.Compare(index_.plan, plan);
  if (same_plan && open.plan_digest == index_.plan_digest &&
      open.steps_per_epoch == index_.steps_per_epoch &&
      open.positions == index_.positions &&
      open.global_batch == index_.global_batch) {
    return absl::OkStatus();
  }
  while (!differences.empty() && differences.back() == '\n') {
    differences.pop_back();
  }
  return absl::FailedPreconditionError(absl::StrFormat(
      "%s: another plan than that of %s: digest %016x with %d positions in %d "
      "steps, there %016x with %d in %d; %s; audit the logs of each plan alone",
      Here(), index_.Place(first.log, first.line), open.plan_digest,
      open.positions, open.steps_per_epoch, index_.plan_digest,
      index_.positions, index_.steps_per_epoch,
      differences.empty() ? "the plans themselves are the same"
                          : absl::StrReplaceAll(differences, {{"\n", "; "}})));
}

absl::Status IndexReader::Add(const StepLine& step, uint32_t length) {
  const auto known = streams_.find(step.stream);
  if (known == streams_.end()) {
    return Wrong(
        "a step of a stream that was not opened before: is the log's "
        "beginning missing?");
  }
  AuditStream& stream = index_.streams[known->second];
  if (stream.log != log_) {
    return Wrong("a step of a stream that was opened in another log, ",
                 index_.Place(stream.log, stream.line));
  }
  if (step.epoch != step.step / index_.steps_per_epoch) {
    return Wrong("step ", step.step, " is of epoch ",
                 step.step / index_.steps_per_epoch, ", not ", step.epoch);
  }
  if (step.step < stream.open.start_step) {
    return Wrong("step ", step.step, " of a stream that began at ",
                 stream.open.start_step);
  }
  const uint64_t wanted = stream.end_position() - stream.first_position();
  if (step.samples.size() != wanted) {
    return Wrong("step ", step.step, " has ", step.samples.size(), " samples; ",
                 stream.Rank(), " has ", wanted);
  }
  const AuditRecord record{step.step, offset_, length, line_};
  if (stream.records.empty() || stream.records.back().step < step.step) {
    stream.records.push_back(record);
  } else {
    AddLate(record, &stream);
  }
  return absl::OkStatus();
}

void IndexReader::AddLate(const AuditRecord& record, AuditStream* stream) {
  const auto at =
      std::lower_bound(stream->records.begin(), stream->records.end(), record,
                       [](const AuditRecord& a, const AuditRecord& b) {
                         return a.step < b.step;
                       });
  const uint64_t epoch = record.step / index_.steps_per_epoch;
  if (at->step == record.step) {
    index_.problems.Add(
        {"doubled", epoch, record.step,
         absl::StrCat("step ", record.step, " of ", stream->Rank(),
                      " was delivered twice by one stream: ",
                      index_.Place(log_, at->line), " and ", Here())});
    return;
  }
  index_.problems.Add(
      {"disorder", epoch, record.step,
       absl::StrCat("step ", record.step, " of ", stream->Rank(),
                    " came after step ", stream->records.back().step, ": ",
                    Here())});
  stream->records.insert(at, record);
}

}  // namespace

std::string AuditStream::Rank() const {
  return absl::StrCat("rank ", open.rank, " of ", open.world_size);
}

std::string AuditIndex::Place(size_t log, uint64_t line) const {
  return absl::StrCat(logs[log], ":", line);
}

absl::StatusOr<AuditIndex> ReadAuditLogs(const std::vector<std::string>& logs,
                                         const AuditProgress& progress) {
  return IndexReader(logs, progress).Read();
}

}  // namespace millrace::cli
