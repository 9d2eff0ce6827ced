// millrace audit: proves from trainers' logs that each sample came once.
#include <cstdio>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "cli/audit_run.h"
#include "cli/audit_text.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/json.h"
#include "cli/progress.h"

namespace millrace::cli {

namespace {

struct AuditFlags {
  AuditOptions options;
  bool json = false;
};

absl::StatusOr<AuditReport> AuditWithProgress(AuditOptions options) {
  Progress reading("audit", "kilobyte");
  std::optional<Progress> comparing;
  options.on_bytes = [&](uint64_t done, uint64_t total) {
    reading.Update(done / 1000, total / 1000, "");
  };
  options.on_records = [&](uint64_t done, uint64_t total) {
    if (!comparing.has_value()) {
      reading.Clear();
      comparing.emplace("audit", "step");
    }
    comparing->Update(done, total, "");
  };
  return Audit(options);
}

int RunAudit(const AuditFlags& flags) {
  const absl::StatusOr<AuditReport> report = AuditWithProgress(flags.options);
  if (!report.ok()) {
    if (flags.json) {
      Json json;
      json["exact"] = false;
      json["error"] = std::string(report.status().message());
      std::fputs(Dump(json).c_str(), stdout);
    }
    return Fail("audit", report.status());
  }
  const std::string text =
      flags.json ? Dump(AuditJson(*report)) : AuditText(*report);
  std::fputs(text.c_str(), stdout);
  return report->exact() ? kDone : kFailed;
}

}  // namespace

void AddAudit(CLI::App* app, Exit* exit) {
  auto flags = std::make_shared<AuditFlags>();
  CLI::App* command = app->add_subcommand(
      "audit", "Prove from trainers' logs that each sample came once");
  command
      ->add_option("logs", flags->options.logs,
                   "The audit logs of all ranks, of every run of one training; "
                   "several streams may share a file")
      ->type_name("LOG")
      ->required();
  command
      ->add_option("--data-dir", flags->options.data_dir,
                   "Folder of the published datasets: computes anew which "
                   "sample each position should have had, and names samples by "
                   "their keys")
      ->type_name("DIR");
  command
      ->add_option("--epochs", flags->options.epochs,
                   "Fail unless so many epochs are complete")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  AddJsonFlag(command, &flags->json);
  command->callback([flags, exit] { exit->code = RunAudit(*flags); });
  command->footer(
      "Trainers write the logs (BatchStreamOptions::audit_log, or\n"
      "`millrace pull --audit-log`): a line for each stream, one for each "
      "batch.\n\n"
      "What is proved, of each epoch whose last step some rank had: every\n"
      "position of every step was delivered to one rank, once. A stream that\n"
      "was opened later and began at step S supersedes, from S on, what "
      "others\n"
      "had of its rank's positions: that trainer went back to its checkpoint,\n"
      "or the world size has changed. What was delivered twice that way must\n"
      "have been the same. Without replacement (SEQUENTIAL, SHUFFLE), every\n"
      "sample must have come once, too. With --data-dir, each must be where\n"
      "the plan puts it.\n\n"
      "An epoch that is not finished is told and is no failure. Exit codes:\n"
      "0 exact, 1 not exact or unreadable, 2 wrong usage.\n\n"
      "Examples:\n"
      "  millrace audit logs/rank*.log\n"
      "  millrace audit logs/rank*.log --epochs 90 --data-dir data");
}

}  // namespace millrace::cli
