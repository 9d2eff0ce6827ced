#include "tests/chaos/chaos.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"

namespace millrace::chaos {

namespace {

constexpr int kServers = 3;
constexpr absl::Duration kTick = absl::Milliseconds(10);
constexpr absl::Duration kAuditTimeout = absl::Minutes(10);

uint32_t NextWorldSize(uint32_t size) {
  return size == 4 ? 2 : size == 2 ? 3 : 4;
}

}  // namespace

Chaos::Chaos(const ChaosOptions& options, const Material& material,
             const std::string& folder, const std::atomic<bool>* interrupted)
    : options_(options), material_(material), interrupted_(interrupted) {
  std::vector<std::string> endpoints;
  for (int i = 0; i < kServers; ++i) {
    upstreams_.push_back(std::make_unique<Upstream>(absl::StrCat("server ", i),
                                                    material.data_dir));
    endpoints.push_back(upstreams_.back()->endpoint());
  }
  for (const Job& job : material.jobs) {
    trainings_.push_back(std::make_unique<Training>(
        TrainingOptions{.name = job.name,
                        .plan_file = job.plan_file,
                        .folder = folder,
                        .endpoints = endpoints,
                        .stall_limit = options.stall_limit}));
  }
}

void Chaos::Say(const std::string& text) const {
  if (options_.quiet) return;
  std::printf("%7.2f  %s\n", absl::ToDoubleSeconds(absl::Now() - started_),
              text.c_str());
  std::fflush(stdout);
}

std::string Chaos::Situation() const {
  std::string text;
  for (const auto& upstream : upstreams_) {
    absl::StrAppend(&text, "\n  ", upstream->name(), ": ", upstream->state());
  }
  for (const auto& training : trainings_) {
    absl::StrAppend(&text, "\n  ", training->name(), ": ",
                    training->world_size(), " ranks, the slowest in epoch ",
                    training->epochs_complete());
  }
  return text;
}

absl::Status Chaos::Run() {
  started_ = absl::Now();
  absl::Status status = Start();
  if (status.ok()) status = MakeFaults();
  if (status.ok()) status = AwaitEpochs();
  if (status.ok()) status = Finish();
  if (status.ok() || absl::IsCancelled(status)) return status;
  for (const auto& training : trainings_) training->Kill();
  return absl::Status(status.code(),
                      absl::StrCat(status.message(), Situation()));
}

absl::Status Chaos::Start() {
  for (const auto& upstream : upstreams_) {
    MILLRACE_RETURN_IF_ERROR(upstream->Start());
  }
  for (const auto& training : trainings_) training->Start();
  Say(absl::StrCat(kServers, " servers and ", trainings_.size(),
                   " trainings started"));
  return Await(&Training::streaming);
}

absl::Status Chaos::Tick() {
  if (*interrupted_) return absl::CancelledError("interrupted");
  const absl::Time now = absl::Now();
  for (const auto& upstream : upstreams_) {
    MILLRACE_RETURN_IF_ERROR(upstream->EndDue(now));
  }
  for (const auto& training : trainings_) {
    const absl::Status status = training->Watch(absl::Now());
    // They were interrupted, too.
    if (!status.ok()) {
      return *interrupted_ ? absl::CancelledError("interrupted") : status;
    }
  }
  absl::SleepFor(kTick);
  return absl::OkStatus();
}

absl::Status Chaos::TickUntil(absl::Time time) {
  do {
    MILLRACE_RETURN_IF_ERROR(Tick());
  } while (absl::Now() < time);
  return absl::OkStatus();
}

absl::Status Chaos::Await(bool (Training::*reached)() const) {
  const auto has = [&](const auto& training) {
    return (training.get()->*reached)();
  };
  while (!std::all_of(trainings_.begin(), trainings_.end(), has)) {
    MILLRACE_RETURN_IF_ERROR(Tick());
  }
  return absl::OkStatus();
}

absl::Status Chaos::MakeFaults() {
  Faults faults(options_.seed, options_.pause);
  const absl::Time until = started_ + options_.duration;
  while (faults_ < options_.faults || absl::Now() < until) {
    const Fault fault = faults.Next();
    MILLRACE_RETURN_IF_ERROR(TickUntil(absl::Now() + fault.pause));
    MILLRACE_RETURN_IF_ERROR(Make(fault));
    ++faults_;
    ++by_kind_[static_cast<int>(fault.kind)];
  }
  for (const auto& upstream : upstreams_) {
    MILLRACE_RETURN_IF_ERROR(upstream->Heal());
  }
  return absl::OkStatus();
}

absl::Status Chaos::Make(const Fault& fault) {
  Training& training = *trainings_[fault.job % trainings_.size()];
  if (fault.kind == FaultKind::kKillRank) {
    const uint32_t rank = fault.rank % training.world_size();
    Say(absl::StrCat(training.name(), " rank ", rank, " of ",
                     training.world_size(), " killed at step ",
                     training.step(rank)));
    training.KillRank(rank);
    return absl::OkStatus();
  }
  if (fault.kind == FaultKind::kResizeWorld) {
    const uint32_t size = NextWorldSize(training.world_size());
    Say(absl::StrCat(training.name(), " ",
                     fault.politely ? "interrupted" : "killed", ": ",
                     training.world_size(), " ranks, now ", size));
    return training.Resize(size, fault.politely ? SIGINT : SIGKILL);
  }
  Upstream* upstream = nullptr;
  MILLRACE_RETURN_IF_ERROR(AwaitHealthy(fault, &upstream));
  return MakeToServer(fault, upstream);
}

absl::Status Chaos::AwaitHealthy(const Fault& fault, Upstream** upstream) {
  while (true) {
    for (int i = 0; i < kServers; ++i) {
      *upstream = upstreams_[(fault.server + i) % kServers].get();
      if ((*upstream)->healthy()) return absl::OkStatus();
    }
    MILLRACE_RETURN_IF_ERROR(Tick());
  }
}

absl::Status Chaos::MakeToServer(const Fault& fault, Upstream* upstream) {
  const std::string duration =
      absl::StrFormat(" %.2f s", absl::ToDoubleSeconds(fault.duration));
  std::string what;
  switch (fault.kind) {
    case FaultKind::kKillServer:
      upstream->Kill(fault.duration);
      what = absl::StrCat("killed, down for", duration);
      break;
    case FaultKind::kStopServer:
      upstream->Stop(fault.duration);
      what = absl::StrCat("stopped for", duration);
      break;
    case FaultKind::kFreezeNetwork:
      upstream->Freeze(fault.duration);
      what = absl::StrCat("network frozen for", duration);
      break;
    case FaultKind::kCutAfterBytes:
      upstream->CutAfter(fault.bytes, fault.duration);
      what = absl::StrCat("connections cut after ", fault.bytes, " bytes for",
                          duration);
      break;
    default:
      upstream->CutAll();
      what = "all connections cut";
  }
  Say(absl::StrCat(upstream->name(), " ", what));
  return absl::OkStatus();
}

absl::Status Chaos::AwaitEpochs() {
  Say(absl::StrCat("no more faults; waiting for ", options_.epochs,
                   " epochs of each"));
  const auto enough = [this](const auto& training) {
    return training->epochs_complete() >= options_.epochs;
  };
  while (!std::all_of(trainings_.begin(), trainings_.end(), enough)) {
    MILLRACE_RETURN_IF_ERROR(Tick());
  }
  return absl::OkStatus();
}

absl::Status Chaos::Finish() {
  Say("finishing the epochs under way");
  for (const auto& training : trainings_) {
    MILLRACE_RETURN_IF_ERROR(training->StartLastEpoch());
  }
  return Await(&Training::finished);
}

int Chaos::Audit() {
  int worst = 0;
  for (const auto& training : trainings_) {
    worst = std::max(worst, AuditOf(*training));
  }
  return worst;
}

int Chaos::AuditOf(const Training& training) {
  const absl::StatusOr<int> torn = training.RepairLogs();
  if (!torn.ok()) {
    absl::PrintF("chaos: %s\n", torn.status().message());
    return 1;
  }
  if (*torn > 0) {
    absl::PrintF("%s: cut off %d half lines of killed ranks\n", training.name(),
                 *torn);
  }
  std::vector<std::string> argv = {Program("millrace"), "audit", "--json",
                                   "--data-dir", material_.data_dir};
  if (training.end_epoch() > 0) {
    argv.insert(argv.end(), {"--epochs", absl::StrCat(training.end_epoch())});
  }
  for (const std::string& log : training.logs()) argv.push_back(log);
  Process audit(argv);
  if (!audit.WaitFor(kAuditTimeout)) audit.Kill();
  const int code = audit.Wait();
  Tell(training, nlohmann::json::parse(audit.out(), nullptr, false));
  std::fputs(audit.err().c_str(), stdout);
  return code;
}

void Chaos::Tell(const Training& training, const nlohmann::json& report) const {
  if (!report.is_object() || !report.contains("epochs")) return;
  const TrainingStats& stats = training.stats();
  absl::PrintF(
      "%s: %d epochs exact, %d steps of ranks delivered, of which %d again "
      "after restarts, in %d streams\n",
      training.name(), report["complete_epochs"].get<uint64_t>(),
      report["steps"].get<uint64_t>(), report["superseded"].get<uint64_t>(),
      report["streams"].get<uint64_t>());
  absl::PrintF(
      "  told by those ranks that ended orderly: %d reconnects, %d steps asked "
      "for again, %d hedged, %d of them to good effect\n",
      stats.reconnects, stats.retries, stats.hedges, stats.hedges_won);
  for (const nlohmann::json& problem : report["problems"]) {
    absl::PrintF("  %s  epoch %d: %s\n", problem["kind"].get<std::string>(),
                 problem["epoch"].get<uint64_t>(),
                 problem["text"].get<std::string>());
  }
}

void Chaos::PrintSummary() const {
  absl::PrintF("seed     %d\ntime     %.1f s\nfaults   %d\n", options_.seed,
               absl::ToDoubleSeconds(absl::Now() - started_), faults_);
  for (int i = 0; i < kFaultKinds; ++i) {
    absl::PrintF("  %4d  %s\n", by_kind_[i],
                 FaultName(static_cast<FaultKind>(i)));
  }
}

}  // namespace millrace::chaos
