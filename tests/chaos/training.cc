#include "tests/chaos/training.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/interrupt.h"
#include "base/status_macros.h"
#include "client/line_file.h"

namespace millrace::chaos {

namespace {

constexpr absl::Duration kStopTimeout = absl::Seconds(60);
// Longer than any line of these plans.
constexpr uint64_t kTailBytes = 4096;

uint64_t Size(const std::string& path) {
  std::error_code error;
  const uint64_t size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

// The words of the last whole line.
std::vector<std::string> LastLine(const std::string& path, uint64_t size) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(size - std::min(size, kTailBytes)));
  std::string tail(std::min(size, kTailBytes), '\0');
  file.read(tail.data(), static_cast<std::streamsize>(tail.size()));
  tail.resize(tail.rfind('\n') == tail.npos ? 0 : tail.rfind('\n'));
  const size_t before = tail.rfind('\n');
  return absl::StrSplit(tail.substr(before == tail.npos ? 0 : before + 1), ' ');
}

uint64_t Number(const std::string& word) {
  uint64_t number = 0;
  return absl::SimpleAtoi(word, &number) ? number : 0;
}

std::string LastWords(const Process& process) {
  const std::string text = process.err();
  return text.empty()
             ? "nothing"
             : text.substr(text.size() - std::min<size_t>(text.size(), 1000));
}

}  // namespace

Training::Training(TrainingOptions options)
    : options_(std::move(options)), end_epoch_(kEndless) {}

std::string Training::Path(uint32_t rank, const char* ending) const {
  return absl::StrCat(options_.folder, "/", options_.name, ".rank", rank,
                      ending);
}

void Training::Start() {
  most_ranks_ = std::max(most_ranks_, options_.world_size);
  ranks_.clear();
  ranks_.resize(options_.world_size);
  for (uint32_t rank = 0; rank < options_.world_size; ++rank) StartRank(rank);
}

void Training::StartRank(uint32_t rank) {
  std::vector<std::string> argv = {Program("millrace"),
                                   "pull",
                                   "--plan",
                                   options_.plan_file,
                                   "--rank",
                                   absl::StrCat(rank),
                                   "--world-size",
                                   absl::StrCat(options_.world_size),
                                   "--epochs",
                                   absl::StrCat(end_epoch_),
                                   "--state",
                                   Path(rank, ".state"),
                                   "--save-every",
                                   absl::StrCat(options_.save_every),
                                   "--audit-log",
                                   Path(rank, ".log"),
                                   "--give-up-after",
                                   "600",
                                   "--json"};
  for (const std::string& endpoint : options_.endpoints) {
    argv.insert(argv.end(), {"--endpoint", endpoint});
  }
  Rank& started = ranks_[rank];
  started.process = std::make_unique<Process>(argv);
  started.moved = absl::Now();
  started.finished = false;
}

uint64_t Training::epochs_complete() const {
  uint64_t slowest = UINT64_MAX;
  for (const Rank& rank : ranks_) slowest = std::min(slowest, rank.step);
  return steps_per_epoch_ == 0 ? 0 : slowest / steps_per_epoch_;
}

bool Training::streaming() const {
  return std::all_of(ranks_.begin(), ranks_.end(),
                     [](const Rank& rank) { return rank.step > 0; });
}

void Training::KillRank(uint32_t rank) {
  ranks_[rank].process->Kill();
  ranks_[rank].process->Wait();
  StartRank(rank);
}

void Training::Kill() {
  for (Rank& rank : ranks_) {
    rank.process->Kill();
    rank.process->Wait();
  }
}

absl::Status Training::StopAll(int signal) {
  for (Rank& rank : ranks_) rank.process->Signal(signal);
  for (uint32_t i = 0; i < ranks_.size(); ++i) {
    Process& process = *ranks_[i].process;
    if (!process.WaitFor(kStopTimeout)) {
      return absl::InternalError(
          absl::StrCat(name(), " rank ", i, " did not end within ",
                       absl::FormatDuration(kStopTimeout), " of signal ",
                       signal, "; its last words: ", LastWords(process)));
    }
    // Killed by the signal, if that came before it could take it.
    const int code = process.Wait();
    if (code != 0 && code != kInterrupted && code != 128 + signal) {
      return absl::InternalError(
          absl::StrCat(name(), " rank ", i, " ended with code ", code,
                       "; its last words: ", LastWords(process)));
    }
    Count(process);
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::StreamState> Training::Checkpoint() const {
  v1::StreamState lowest;
  for (uint32_t rank = 0; rank < ranks_.size(); ++rank) {
    std::ifstream file(Path(rank, ".state"), std::ios::binary);
    v1::StreamState state;
    // It was killed before it saved one.
    if (!file) return v1::StreamState();
    if (!state.ParseFromIstream(&file)) {
      return absl::InternalError(Path(rank, ".state") + " is damaged");
    }
    if (rank == 0 || state.next_step() < lowest.next_step()) lowest = state;
  }
  return lowest;
}

absl::Status Training::StartWorld(const v1::StreamState& checkpoint) {
  for (uint32_t rank = 0; rank < most_ranks_; ++rank) {
    std::filesystem::remove(Path(rank, ".state"));
  }
  for (uint32_t rank = 0; rank < options_.world_size; ++rank) {
    if (checkpoint.version() == 0) continue;
    std::ofstream file(Path(rank, ".state"), std::ios::binary);
    if (!checkpoint.SerializeToOstream(&file) || !file.flush()) {
      return absl::InternalError("cannot write " + Path(rank, ".state"));
    }
  }
  Start();
  return absl::OkStatus();
}

absl::Status Training::Resize(uint32_t world_size, int signal) {
  MILLRACE_RETURN_IF_ERROR(StopAll(signal));
  MILLRACE_ASSIGN_OR_RETURN(const v1::StreamState checkpoint, Checkpoint());
  options_.world_size = world_size;
  return StartWorld(checkpoint);
}

absl::Status Training::StartLastEpoch() {
  uint64_t fastest = 0;
  MILLRACE_RETURN_IF_ERROR(StopAll(SIGINT));
  for (uint32_t rank = 0; rank < ranks_.size(); ++rank) {
    ReadLog(rank, absl::Now());
    fastest = std::max(fastest, ranks_[rank].step);
  }
  MILLRACE_ASSIGN_OR_RETURN(const v1::StreamState checkpoint, Checkpoint());
  end_epoch_ = fastest / std::max<uint64_t>(steps_per_epoch_, 1) + 1;
  return StartWorld(checkpoint);
}

absl::Status Training::Watch(absl::Time now) {
  for (uint32_t i = 0; i < ranks_.size(); ++i) {
    Rank& rank = ranks_[i];
    if (rank.finished) continue;
    ReadLog(i, now);
    if (rank.process->WaitFor(absl::ZeroDuration())) {
      if (rank.process->Wait() != 0) {
        return absl::InternalError(
            absl::StrCat(name(), " rank ", i, " of ", options_.world_size,
                         " died by itself with code ", rank.process->Wait(),
                         "; its last words: ", LastWords(*rank.process)));
      }
      rank.finished = true;
      Count(*rank.process);
    } else if (now - rank.moved > options_.stall_limit) {
      return Stuck(i, now);
    }
  }
  return absl::OkStatus();
}

absl::Status Training::Stuck(uint32_t rank, absl::Time now) const {
  std::string others;
  for (uint32_t i = 0; i < ranks_.size(); ++i) {
    absl::StrAppend(&others, " ", ranks_[i].step);
  }
  return absl::DeadlineExceededError(
      absl::StrCat(name(), " rank ", rank, " of ", options_.world_size,
                   " made no progress for ",
                   absl::FormatDuration(absl::Trunc(now - ranks_[rank].moved,
                                                    absl::Milliseconds(1))),
                   " at step ", ranks_[rank].step, " (all ranks:", others,
                   "); its last words: ", LastWords(*ranks_[rank].process)));
}

void Training::ReadLog(uint32_t rank, absl::Time now) {
  const std::string path = Path(rank, ".log");
  const uint64_t size = Size(path);
  Rank& state = ranks_[rank];
  if (size == state.log_bytes) return;
  state.log_bytes = size;
  state.moved = now;
  const std::vector<std::string> words = LastLine(path, size);
  if (words.size() > 4 && words[1] == "step") {
    state.step = Number(words[3]) + 1;
  } else if (words.size() > 7 && words[1] == "open") {
    state.step = Number(words[6]);
    steps_per_epoch_ = Number(words[7]);
  }
}

bool Training::finished() const {
  return std::all_of(ranks_.begin(), ranks_.end(),
                     [](const Rank& rank) { return rank.finished; });
}

void Training::Count(const Process& process) {
  const nlohmann::json report =
      nlohmann::json::parse(process.out(), nullptr, false);
  if (!report.is_object()) return;
  stats_.retries += report.value("retries", 0);
  stats_.reconnects += report.value("reconnects", 0);
  stats_.hedges += report.value("hedges", 0);
  stats_.hedges_won += report.value("hedges_won", 0);
}

absl::StatusOr<int> Training::RepairLogs() const {
  int torn = 0;
  for (const std::string& log : logs()) {
    const uint64_t before = Size(log);
    MILLRACE_RETURN_IF_ERROR(client::LineFile::Open(log).status());
    torn += Size(log) != before;
  }
  return torn;
}

std::vector<std::string> Training::logs() const {
  std::vector<std::string> logs;
  for (uint32_t rank = 0; rank < most_ranks_; ++rank) {
    logs.push_back(Path(rank, ".log"));
  }
  return logs;
}

}  // namespace millrace::chaos
