#include "cli/pull_flags.h"

#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "client/plan_file.h"

namespace millrace::cli {

namespace {

constexpr absl::Duration kWarningPeriod = absl::Seconds(5);

// Says why there is no connection; not at every attempt, which are many.
class LossWarning {
 public:
  explicit LossWarning(std::string endpoint) : endpoint_(std::move(endpoint)) {}

  void operator()(const absl::Status& why) {
    const absl::Time now = absl::Now();
    if (now - said_ < kWarningPeriod) return;
    said_ = now;
    Say(absl::StrCat("no stream from ", endpoint_, " now; trying again (",
                     why.ToString(), ")"));
  }

 private:
  const std::string endpoint_;
  absl::Time said_ = absl::InfinitePast();
};

// The state in a file; absent: there is no file.
absl::StatusOr<std::optional<v1::StreamState>> ReadState(
    const std::string& path) {
  std::error_code error;
  if (path.empty() || !std::filesystem::exists(path, error)) {
    return std::nullopt;
  }
  std::ifstream file(path, std::ios::binary);
  v1::StreamState state;
  if (state.ParseFromIstream(&file) && state.version() != 0) return state;
  return absl::InvalidArgumentError(absl::StrCat(
      path, " holds no state of a stream; remove it to start anew"));
}

void AddStreamFlags(CLI::App* command, PullFlags* flags) {
  client::BatchStreamOptions& stream = flags->stream;
  command
      ->add_option("--endpoint", stream.endpoints,
                   "A server; may be given several times. dns:///HOST:PORT: "
                   "every address of that name")
      ->type_name("HOST:PORT")
      ->required();
  command
      ->add_option("--plan", flags->plan_file,
                   "What to stream; see examples/plans/")
      ->type_name("FILE")
      ->required();
  command
      ->add_option("--dataset", flags->dataset,
                   "Instead of the plan's: NAME or NAME@VERSION")
      ->type_name("NAME");
  command->add_option("--steps", flags->steps, "Stop after so many steps")
      ->type_name("N")
      ->check(IsCount(1));
  command
      ->add_option("--epochs", stream.end_epoch,
                   "Stop at the end of the N-th epoch, counted from the first "
                   "one whatever --start-step is; 1 unless --steps is given")
      ->type_name("N")
      ->check(IsCount(1));
  command
      ->add_option("--start-step", stream.start_step,
                   "The first step, counted over epochs from 0")
      ->type_name("N")
      ->check(IsCount(0));
  command->add_option("--rank", stream.rank, "As in torch.distributed")
      ->type_name("R")
      ->check(IsCount(0));
  command->add_option("--world-size", stream.world_size, "Number of ranks")
      ->type_name("W")
      ->check(IsCount(1));
  command
      ->add_option("--prefetch", stream.prefetch_steps,
                   "Steps to ask for ahead of time; each costs one batch of "
                   "memory")
      ->type_name("N")
      ->check(IsCount(1))
      ->capture_default_str();
  command
      ->add_option("--prefetch-mb", flags->prefetch_mb,
                   "... but no more than have so many megabytes together")
      ->type_name("N")
      ->check(IsCount(1))
      ->capture_default_str();
  command
      ->add_option("--connections", stream.connections,
                   "To each server; a second one helps where receiving takes "
                   "a whole core")
      ->type_name("N")
      ->check(IsCount(1))
      ->capture_default_str();
  command
      ->add_option("--hedge-after", flags->hedge_after_seconds,
                   "Ask a second server for a step that is late by the measure "
                   "of the others, and by this; 0: never")
      ->type_name("SECONDS")
      ->check(IsSeconds())
      ->capture_default_str();
  command
      ->add_option("--state", flags->state_file,
                   "Go on from where this file says, if there is one; write it "
                   "every --save-every steps and at the end")
      ->type_name("FILE");
  command->add_option("--save-every", flags->save_every, "See --state")
      ->type_name("STEPS")
      ->check(IsCount(1))
      ->capture_default_str();
  command
      ->add_option("--give-up-after", flags->give_up_seconds,
                   "Fail when no step came for so long")
      ->type_name("SECONDS")
      ->check(IsSeconds())
      ->capture_default_str();
}

void AddOutputFlags(CLI::App* command, PullFlags* flags) {
  command
      ->add_option("--log-samples", flags->log_file,
                   "Append a line a step: EPOCH STEP RANK WORLD_SIZE "
                   "ORDINAL..., -1 for padding; of a mixture, "
                   "DATASET_INDEX:ORDINAL")
      ->type_name("FILE");
  command
      ->add_option("--audit-log", flags->stream.audit_log,
                   "Append what `millrace audit` reads: what was opened, and "
                   "each step's samples and digest")
      ->type_name("FILE");
  command->add_flag("--digest", flags->digest,
                    "Print the SHA-256 over all tensors, in order of steps");
  command
      ->add_option("--picture", flags->picture, "Draw the first batch as a PNG")
      ->type_name("FILE");
  AddJsonFlag(command, &flags->json);
  command->add_flag("--quiet", flags->quiet,
                    "Neither facts nor progress, only the end");
}

}  // namespace

void AddPullFlags(CLI::App* command, PullFlags* flags) {
  AddStreamFlags(command, flags);
  AddOutputFlags(command, flags);
}

absl::Status Complete(PullFlags* flags) {
  client::BatchStreamOptions& stream = flags->stream;
  stream.prefetch_bytes = flags->prefetch_mb * 1'000'000;
  stream.hedge_after = flags->hedge_after_seconds > 0
                           ? absl::Seconds(flags->hedge_after_seconds)
                           : absl::InfiniteDuration();
  MILLRACE_ASSIGN_OR_RETURN(stream.restore, ReadState(flags->state_file));
  MILLRACE_ASSIGN_OR_RETURN(stream.plan,
                            client::ReadPlanFile(flags->plan_file));
  if (!flags->dataset.empty()) stream.plan.set_dataset(flags->dataset);
  const uint64_t start = stream.restore.has_value()
                             ? stream.restore->next_step()
                             : stream.start_step;
  if (flags->steps > 0) stream.end_step = start + flags->steps;
  // One epoch, unless something else was said.
  if (flags->steps == 0 && stream.end_epoch == 0) stream.end_epoch = 1;
  stream.give_up_after = absl::Seconds(flags->give_up_seconds);
  stream.name = "millrace pull";
  if (!flags->quiet) {
    stream.on_reconnect = LossWarning(absl::StrJoin(stream.endpoints, ", "));
  }
  return stream.Validate();
}

}  // namespace millrace::cli
