#include "cli/audit_run.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "cli/audit_coverage.h"
#include "cli/audit_expected.h"
#include "cli/audit_gaps.h"
#include "cli/console.h"

namespace millrace::cli {

namespace {

AuditReport Summary(const AuditIndex& index) {
  AuditReport report;
  report.plan = index.plan;
  report.plan_digest = index.plan_digest;
  report.steps_per_epoch = index.steps_per_epoch;
  report.positions = index.positions;
  report.global_batch = index.global_batch;
  report.positions_only = CountsPositionsOnly(index.plan);
  report.logs = index.logs.size();
  report.streams = index.streams.size();
  for (const AuditStream& stream : index.streams) {
    report.steps += stream.records.size();
    if (report.world_sizes.empty() ||
        report.world_sizes.back() != stream.open.world_size) {
      report.world_sizes.push_back(stream.open.world_size);
    }
  }
  return report;
}

void DemandEpochs(uint64_t demanded, AuditReport* report) {
  const uint64_t complete = report->complete_epochs();
  if (complete >= demanded) return;
  uint64_t next = 0;
  if (!report->epochs.empty()) {
    const AuditedEpoch& last = report->epochs.back();
    next = last.epoch + last.finished;
  }
  report->problems.Add(
      {"unfinished", next, next * report->steps_per_epoch,
       absl::StrCat(Counted(complete, "epoch"), " of the ", demanded,
                    " demanded ", complete == 1 ? "is" : "are", " complete")});
}

}  // namespace

uint64_t AuditReport::complete_epochs() const {
  return std::count_if(
      epochs.begin(), epochs.end(),
      [this](const AuditedEpoch& epoch) { return Complete(epoch); });
}

uint64_t AuditReport::superseded() const {
  uint64_t sum = 0;
  for (const AuditedEpoch& epoch : epochs) sum += epoch.superseded;
  return sum;
}

absl::StatusOr<AuditReport> Audit(const AuditOptions& options) {
  MILLRACE_ASSIGN_OR_RETURN(AuditIndex index,
                            ReadAuditLogs(options.logs, options.on_bytes));
  AuditReport report = Summary(index);
  report.problems = std::move(index.problems);
  std::optional<ExpectedSamples> expected;
  if (!options.data_dir.empty()) {
    MILLRACE_ASSIGN_OR_RETURN(
        expected, ExpectedSamples::Open(index.plan, index.plan_digest,
                                        index.positions, options.data_dir));
  }
  report.recomputed = expected.has_value();
  const ExpectedSamples* const computed =
      expected.has_value() ? &*expected : nullptr;
  const AuditCoverage coverage(index);
  AddGaps(index, coverage, computed, &report.problems);
  MILLRACE_ASSIGN_OR_RETURN(
      report.epochs, AuditSamples(index, coverage, computed, options.on_records,
                                  &report.problems));
  if (options.epochs > 0) DemandEpochs(options.epochs, &report);
  return report;
}

}  // namespace millrace::cli
