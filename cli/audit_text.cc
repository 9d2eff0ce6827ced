#include "cli/audit_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/console.h"

namespace millrace::cli {

namespace {

// Of many epochs that are all alike, the first and the last ones tell enough.
constexpr size_t kShownEpochs = 20;

std::string Datasets(const v1::Plan& plan) {
  std::string text = plan.dataset();
  for (const v1::MixturePart& part : plan.mixture().parts()) {
    absl::StrAppend(&text, " + ", part.dataset());
  }
  return text;
}

std::string OrderName(const v1::Plan& plan) {
  return v1::Sampler::Order_Name(plan.sampler().order());
}

std::string EpochText(const AuditReport& report, const AuditedEpoch& epoch) {
  std::string text = absl::StrCat("epoch ", epoch.epoch, "  ");
  if (!epoch.finished) {
    absl::StrAppend(&text, "unfinished: ", Count(epoch.steps), " of ",
                    Counted(report.steps_per_epoch, "step"), " so far");
  } else if (!report.Complete(epoch)) {
    absl::StrAppend(&text, "NOT EXACT, see below");
  } else if (report.positions_only) {
    absl::StrAppend(&text, "exact: ", Counted(epoch.samples, "position"),
                    ", each once");
  } else {
    absl::StrAppend(&text, "exact: ", Counted(epoch.samples, "sample"),
                    ", each once");
  }
  if (epoch.superseded > 0) {
    absl::StrAppend(&text, "; ", Counted(epoch.superseded, "step"),
                    " of ranks came again after restarts");
  }
  return text + "\n";
}

std::string EpochsText(const AuditReport& report) {
  std::string text;
  const size_t count = report.epochs.size();
  for (size_t i = 0; i < count; ++i) {
    const AuditedEpoch& epoch = report.epochs[i];
    // Near either end, or not like the others.
    if (i < kShownEpochs / 2 || i + kShownEpochs / 2 >= count ||
        !report.Complete(epoch)) {
      absl::StrAppend(&text, EpochText(report, epoch));
    } else if (i == kShownEpochs / 2) {
      absl::StrAppend(&text, "...\n");
    }
  }
  return text;
}

std::string Verdict(const AuditReport& report) {
  if (!report.exact()) {
    return absl::StrCat("verdict  NOT EXACT: ",
                        Counted(report.problems.total(), "problem"), "\n");
  }
  return absl::StrCat(
      "verdict  exact: ", Counted(report.complete_epochs(), "epoch"),
      " complete",
      report.recomputed ? ", every position as the plan and the data have it"
                        : "",
      "\n");
}

}  // namespace

std::string AuditText(const AuditReport& report) {
  std::string text = absl::StrFormat(
      "plan     %016x of %s, %s; %s an epoch in %s of %s\n", report.plan_digest,
      Datasets(report.plan), OrderName(report.plan),
      Counted(report.positions, "position"),
      Counted(report.steps_per_epoch, "step"), Count(report.global_batch));
  absl::StrAppend(&text, "logs     ", Counted(report.logs, "file"), ", ",
                  Counted(report.streams, "stream"), ", world size ",
                  absl::StrJoin(report.world_sizes, ", then "), "; ",
                  Counted(report.steps, "step"), " of ranks\n");
  absl::StrAppend(&text, EpochsText(report));
  for (const AuditProblem& problem : report.problems.list()) {
    absl::StrAppend(&text, problem.kind, "  epoch ", problem.epoch, ": ",
                    problem.text, "\n");
  }
  const size_t shown = report.problems.list().size();
  if (report.problems.total() > shown) {
    absl::StrAppend(&text, "...      and ",
                    Count(report.problems.total() - shown), " more\n");
  }
  return text + Verdict(report);
}

Json AuditJson(const AuditReport& report) {
  Json json;
  json["exact"] = report.exact();
  json["complete_epochs"] = report.complete_epochs();
  json["plan_digest"] = absl::StrFormat("%016x", report.plan_digest);
  json["dataset"] = Datasets(report.plan);
  json["order"] = OrderName(report.plan);
  json["positions"] = report.positions;
  json["steps_per_epoch"] = report.steps_per_epoch;
  json["global_batch"] = report.global_batch;
  json["recomputed"] = report.recomputed;
  json["logs"] = report.logs;
  json["streams"] = report.streams;
  json["world_sizes"] = report.world_sizes;
  json["steps"] = report.steps;
  json["superseded"] = report.superseded();
  json["epochs"] = Json::array();
  for (const AuditedEpoch& epoch : report.epochs) {
    json["epochs"].push_back({{"epoch", epoch.epoch},
                              {"finished", epoch.finished},
                              {"exact", report.Complete(epoch)},
                              {"steps", epoch.steps},
                              {"samples", epoch.samples},
                              {"superseded", epoch.superseded}});
  }
  json["problem_count"] = report.problems.total();
  json["problems"] = Json::array();
  for (const AuditProblem& problem : report.problems.list()) {
    json["problems"].push_back({{"kind", problem.kind},
                                {"epoch", problem.epoch},
                                {"step", problem.step},
                                {"text", problem.text}});
  }
  return json;
}

}  // namespace millrace::cli
