// millrace pull: a trainer without a model. Streams batches and tells how fast
// they came, which samples they held, and what they hash to.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/files.h"
#include "base/interrupt.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/contact_sheet.h"
#include "cli/json.h"
#include "cli/progress.h"
#include "cli/pull_flags.h"
#include "cli/pull_report.h"
#include "cli/sample_log.h"
#include "client/batch_digest.h"
#include "client/batch_stream.h"
#include "client/dataset_query.h"
#include "client/malloc.h"
#include "storage/joined_datasets.h"

namespace millrace::cli {

namespace {

constexpr absl::Duration kQueryTimeout = absl::Seconds(30);

// Lets Ctrl-C end a stream that may not be open yet.
class StreamSlot {
 public:
  void Set(client::BatchStream* stream) {
    MutexLock lock(&mutex_);
    stream_ = stream;
  }

  void Cancel() {
    MutexLock lock(&mutex_);
    // Nothing was pulled that could be lost.
    if (stream_ == nullptr) std::_Exit(kInterrupted);
    stream_->Cancel();
  }

 private:
  Mutex mutex_;
  client::BatchStream* stream_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

// Either end of the stream is set; see Complete().
uint64_t StepsToPull(const client::BatchStreamOptions& options,
                     const v1::StreamOpened& opened, uint64_t start_step) {
  uint64_t end = options.end_epoch * opened.steps_per_epoch();
  if (options.end_step > 0 && (end == 0 || options.end_step < end)) {
    end = options.end_step;
  }
  return end - std::min(end, start_step);
}

class Pull {
 public:
  explicit Pull(const PullFlags& flags) : flags_(flags) {}

  // The exit code.
  int Run();

 private:
  absl::Status OpenOutputs();
  // Until the end; OK, or why it stopped before.
  absl::Status Stream(client::BatchStream* stream);
  absl::Status Take(const client::ReceivedBatch& batch);
  // So that a run that is killed goes on from here.
  absl::Status SaveState(const client::BatchStream& stream) const;
  // All that is streamed, as one dataset.
  absl::StatusOr<v1::DatasetInfo> Describe() const;
  // Draws the first batch, if a picture is wanted; the exit code.
  int Draw() const;
  void CountTime(const client::BatchStream& stream, absl::Time start);
  int Report(const client::BatchStream& stream, const absl::Status& status);
  void PrintTotals(const std::string& digest) const;
  void PrintJson(const v1::StreamOpened& opened, bool complete,
                 const std::string& digest) const;
  std::string HowToGoOn() const;

  const PullFlags& flags_;
  // Pinned to their versions: of a mixture, the plan's own first.
  std::vector<std::string> datasets_;
  v1::BatchOptions::BoxFormat box_format_ = v1::BatchOptions::XYXY;
  uint64_t steps_ = 0;        // To pull.
  bool comes_again_ = false;  // What the stream failed by.
  std::optional<SampleLog> log_;
  std::optional<client::BatchDigest> digest_;
  std::optional<client::ReceivedBatch> first_;  // For the picture.
  PullTotals totals_;
};

int Pull::Run() {
  client::KeepFreedMemory();
  const std::string what =
      "pull from " + absl::StrJoin(flags_.stream.endpoints, ", ");
  StreamSlot slot;
  const Interrupt interrupt([&slot] { slot.Cancel(); });
  if (const absl::Status status = OpenOutputs(); !status.ok()) {
    return Fail(what, status);
  }
  auto stream = client::BatchStream::Open(flags_.stream);
  if (!stream.ok()) return Fail(what, stream.status());
  slot.Set(stream->get());
  const v1::Plan& plan = (*stream)->opened().plan();
  datasets_ = {plan.dataset()};
  for (const v1::MixturePart& part : plan.mixture().parts()) {
    datasets_.push_back(part.dataset());
  }
  box_format_ = plan.batch().box_format();
  if (!flags_.json && !flags_.quiet) {
    std::fputs(DescribeStream((*stream)->opened(), flags_.stream.rank,
                              flags_.stream.world_size)
                   .c_str(),
               stdout);
    std::fflush(stdout);
  }
  totals_.next_step = (*stream)->State().next_step();
  steps_ = StepsToPull(flags_.stream, (*stream)->opened(), totals_.next_step);
  if (steps_ == 0 && flags_.stream.restore.has_value()) {
    Say(absl::StrCat("pull: ", flags_.state_file, " stands at step ",
                     totals_.next_step, ", the end: nothing is left to pull"));
    return kDone;
  }
  if (steps_ == 0) {
    Say(absl::StrCat("pull: --start-step ", totals_.next_step,
                     " is not before the end: raise --epochs or --steps"));
    return kWrongUsage;
  }
  const absl::Status status = Stream(stream->get());
  // Nothing is left to cancel: from here on Ctrl-C just ends the program.
  slot.Set(nullptr);
  const int code = Report(**stream, status);
  return std::max(code, Draw());
}

// A wrong path should not show only after everything was pulled.
absl::Status CheckFolderOf(const std::string& file) {
  const auto folder = std::filesystem::absolute(file).parent_path();
  std::error_code error;
  if (std::filesystem::is_directory(folder, error)) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat(
      "no folder ", folder.string(), " to write ", file, " to: make it first"));
}

absl::Status Pull::OpenOutputs() {
  if (!flags_.picture.empty()) {
    MILLRACE_RETURN_IF_ERROR(CheckFolderOf(flags_.picture));
  }
  if (flags_.digest) digest_.emplace();
  if (flags_.log_file.empty()) return absl::OkStatus();
  MILLRACE_ASSIGN_OR_RETURN(SampleLog log,
                            SampleLog::Open(flags_.log_file, flags_.stream.rank,
                                            flags_.stream.world_size));
  log_.emplace(std::move(log));
  return absl::OkStatus();
}

absl::Status Pull::Stream(client::BatchStream* stream) {
  const absl::Time start = absl::Now();
  std::optional<Progress> progress;
  if (!flags_.quiet && !flags_.json) {
    progress.emplace(datasets_[0].substr(0, datasets_[0].find('@')), "step");
  }
  absl::Status status;
  while (status.ok()) {
    absl::StatusOr<client::ReceivedBatch> batch = stream->Next();
    status = batch.ok() ? Take(*batch) : batch.status();
    comes_again_ = !batch.ok() && WouldComeAgain(batch.status());
    if (status.ok() && totals_.steps % flags_.save_every == 0) {
      status = SaveState(*stream);
    }
    CountTime(*stream, start);
    if (batch.ok() && !flags_.picture.empty() && !first_.has_value()) {
      first_ = *std::move(batch);
    }
    if (progress.has_value()) {
      progress->Update(totals_.steps, steps_, DescribeRates(totals_));
    }
  }
  // Whatever stopped it: what was taken is not to come again.
  const absl::Status saved = SaveState(*stream);
  return absl::IsOutOfRange(status) ? saved : status;
}

absl::Status Pull::SaveState(const client::BatchStream& stream) const {
  if (flags_.state_file.empty()) return absl::OkStatus();
  return WriteFileAtomically(flags_.state_file,
                             stream.State().SerializeAsString());
}

absl::Status Pull::Take(const client::ReceivedBatch& batch) {
  if (log_.has_value()) MILLRACE_RETURN_IF_ERROR(log_->Add(batch));
  if (digest_.has_value()) digest_->Add(batch);
  ++totals_.steps;
  totals_.next_step = batch.step + 1;
  totals_.images += CountImages(batch);
  for (const client::TensorView& tensor : batch.tensors) {
    totals_.bytes += tensor.bytes.size();
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::DatasetInfo> Pull::Describe() const {
  std::vector<v1::DatasetInfo> infos;
  for (const std::string& dataset : datasets_) {
    MILLRACE_ASSIGN_OR_RETURN(
        infos.emplace_back(),
        client::GetDataset(flags_.stream.endpoints[0], dataset, kQueryTimeout));
  }
  std::vector<const v1::DatasetInfo*> pointers;
  for (const v1::DatasetInfo& info : infos) pointers.push_back(&info);
  MILLRACE_ASSIGN_OR_RETURN(JoinedDatasets joined, JoinDatasets(pointers));
  return std::move(joined.info);
}

int Pull::Draw() const {
  if (!first_.has_value()) return kDone;
  const absl::StatusOr<v1::DatasetInfo> dataset = Describe();
  const absl::Status status =
      dataset.ok()
          ? WriteContactSheet(*first_, *dataset, flags_.picture, box_format_)
          : dataset.status();
  if (!status.ok()) return Fail("picture of " + datasets_[0], status);
  if (!flags_.json) std::printf("picture  %s\n", flags_.picture.c_str());
  return kDone;
}

void Pull::CountTime(const client::BatchStream& stream, absl::Time start) {
  const client::StreamStats stats = stream.stats();
  totals_.elapsed = absl::Now() - start;
  totals_.wait = stats.wait;
  totals_.reconnects = stats.reconnects;
  totals_.retries = stats.retries;
  totals_.hedges = stats.hedges;
  totals_.hedges_won = stats.hedges_won;
}

std::string Pull::HowToGoOn() const {
  std::string text =
      absl::StrCat("after ", Counted(totals_.steps, "step"),
                   "; go on with --start-step ", totals_.next_step);
  if (flags_.steps > 0) {
    absl::StrAppend(&text, " --steps ", flags_.steps - totals_.steps);
  }
  return text;
}

void Pull::PrintTotals(const std::string& digest) const {
  std::printf("pulled   %s\n", DescribeTotals(totals_).c_str());
  std::printf("waited   %s; reconnected %s\n", Elapsed(totals_.wait).c_str(),
              Counted(totals_.reconnects, "time").c_str());
  if (flags_.stream.endpoints.size() > 1) {
    std::printf("hedged   %s, %s to good effect\n",
                Counted(totals_.hedges, "step").c_str(),
                Count(totals_.hedges_won).c_str());
  }
  if (!digest.empty()) std::printf("digest   %s\n", digest.c_str());
}

void Pull::PrintJson(const v1::StreamOpened& opened, bool complete,
                     const std::string& digest) const {
  Json json;
  AddStream(opened, &json);
  json["rank"] = flags_.stream.rank;
  json["world_size"] = flags_.stream.world_size;
  json["complete"] = complete;
  AddTotals(totals_, &json);
  if (!digest.empty()) json["digest"] = digest;
  std::fputs(Dump(json).c_str(), stdout);
}

int Pull::Report(const client::BatchStream& stream,
                 const absl::Status& status) {
  const std::string digest = digest_.has_value() ? digest_->Finish() : "";
  if (flags_.json) {
    PrintJson(stream.opened(), status.ok(), digest);
  } else {
    PrintTotals(digest);
  }
  if (status.ok()) return kDone;
  const int code =
      Fail("pull from " + absl::StrJoin(flags_.stream.endpoints, ", "), status);
  if (!comes_again_) Say("stopped " + HowToGoOn());
  return code;
}

}  // namespace

void AddPull(CLI::App* app, Exit* exit) {
  CLI::App* command =
      app->add_subcommand("pull", "Stream batches as a trainer does");
  auto flags = std::make_shared<PullFlags>();
  AddPullFlags(command, flags.get());
  command->callback([flags, exit] {
    if (const absl::Status status = Complete(flags.get()); !status.ok()) {
      Fail("pull", status);
      exit->code = kWrongUsage;
      return;
    }
    exit->code = Pull(*flags).Run();
  });
  command->footer(
      "Examples:\n"
      "  millrace pull --endpoint localhost:8090 --steps 1 --picture batch.png "
      "\\\n"
      "      --plan examples/plans/coco_detection.textproto\n"
      "  millrace pull --endpoint localhost:8090 --epochs 3 --digest \\\n"
      "      --plan examples/plans/mnist_train.textproto --log-samples "
      "ids.log");
}

}  // namespace millrace::cli
