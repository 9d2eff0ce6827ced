#include "client/resuming_stream.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "client/channel.h"
#include "client/stream_state.h"

namespace millrace::client {

namespace {

constexpr absl::Duration kGoodbye = absl::Seconds(1);
// How often the keeper looks for late steps, at least.
constexpr absl::Duration kLeastLook = absl::Milliseconds(20);

}  // namespace

bool IsRetryable(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    // Not our cancelling: the connection's or the server's.
    case absl::StatusCode::kCancelled:
      return true;
    case absl::StatusCode::kResourceExhausted:
      // gRPC's own verdict on a message above max_message_bytes; it would be
      // as large again.
      return !absl::StrContains(status.message(), "message larger than max");
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      // A stream cut off below the server, by a proxy for example.
      return absl::StrContains(status.message(), "RST_STREAM") ||
             absl::StrContains(status.message(), "Stream removed");
    default:
      return false;
  }
}

absl::Duration TimeAwake() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

ResumingStream::ResumingStream(BatchStreamOptions options,
                               EndpointList::Resolver resolver)
    : options_(std::move(options)),
      begin_(TimeAwake()),
      window_(options_.start_step, 0, options_.prefetch_steps),
      balancer_(options_.hedge_after),
      reported_at_(absl::Now()),
      endpoints_(std::make_unique<EndpointList>(
          options_.endpoints, options_.resolve_every,
          [this](const std::vector<ServerAddress>& addresses,
                 const absl::Status& problem) {
            OnAddresses(addresses, problem);
          },
          std::move(resolver))),
      keeper_([this] { Keep(); }) {}

ResumingStream::~ResumingStream() {
  WaitForGoodbye();
  Cancel();
  keeper_.join();
}

absl::Status ResumingStream::WaitUntilOpened(absl::Time deadline) {
  MutexLock lock(&mutex_);
  while (opened_ == nullptr && final_.ok()) {
    if (absl::Now() >= deadline) {
      return absl::DeadlineExceededError("the stream is not open yet");
    }
    WaitForChange(begin_, deadline);
  }
  // What went wrong after the opening is for Next() to tell.
  if (opened_ == nullptr) return final_;
  if (options_.audit_log.empty() || audit_.has_value()) {
    return absl::OkStatus();
  }
  MILLRACE_ASSIGN_OR_RETURN(
      AuditLog log, AuditLog::Start(options_.audit_log, *opened_, options_.rank,
                                    options_.world_size, window_.next()));
  audit_.emplace(std::move(log));
  return absl::OkStatus();
}

const v1::StreamOpened& ResumingStream::opened() const {
  MutexLock lock(&mutex_);
  return *opened_;
}

v1::StreamState ResumingStream::State() const {
  MutexLock lock(&mutex_);
  return MakeState(*opened_, window_.next());
}

absl::StatusOr<ReceivedBatch> ResumingStream::NextBefore(absl::Time deadline) {
  // Also of a stream whose opening nobody has waited for.
  if (!options_.audit_log.empty() && !audit_.has_value()) {
    MILLRACE_RETURN_IF_ERROR(WaitUntilOpened(deadline));
  }
  MILLRACE_ASSIGN_OR_RETURN(const ReceivedBatch* const next,
                            WaitForNext(deadline));
  if (audit_.has_value()) {
    if (const absl::Status status = audit_->Add(*next); !status.ok()) {
      MutexLock lock(&mutex_);
      End(status);
      return status;
    }
  }
  MutexLock lock(&mutex_);
  ReceivedBatch batch = window_.Pop();
  Ask(absl::Now());
  return batch;
}

absl::StatusOr<const ReceivedBatch*> ResumingStream::WaitForNext(
    absl::Time deadline) {
  const absl::Time entered = absl::Now();
  MutexLock lock(&mutex_);
  waiting_since_ = std::min(waiting_since_, TimeAwake());
  in_next_since_ = entered;
  absl::Status status;
  while (!window_.ready() && status.ok()) {
    if (window_.finished()) {
      status = absl::OutOfRangeError(
          absl::StrCat("the end is reached: step ", window_.next()));
    } else if (!final_.ok()) {
      status = final_;
    } else if (absl::Now() >= deadline) {
      status = absl::DeadlineExceededError(
          absl::StrCat("step ", window_.next(), " has not come yet"));
    } else {
      WaitForChange(waiting_since_, deadline);
    }
  }
  stats_.wait += absl::Now() - entered;
  in_next_since_ = absl::InfiniteFuture();
  MILLRACE_RETURN_IF_ERROR(status);
  if (absl::IsCancelled(final_)) return final_;
  waiting_since_ = absl::InfiniteDuration();
  return &window_.front();
}

void ResumingStream::Cancel() {
  MutexLock lock(&mutex_);
  // Overrides other ends: nothing more is handed out.
  if (!final_.ok()) final_ = absl::OkStatus();
  End(absl::CancelledError("the stream was cancelled"));
}

StreamStats ResumingStream::stats() const {
  MutexLock lock(&mutex_);
  StreamStats stats = stats_;
  for (const auto& link : links_) stats.endpoints.push_back(link->stats());
  return stats;
}

void ResumingStream::WaitForGoodbye() {
  const absl::Time deadline = absl::Now() + kGoodbye;
  MutexLock lock(&mutex_);
  while (final_.ok() && window_.all_received() && AnyCall() &&
         absl::Now() < deadline) {
    changed_.WaitUntil(&mutex_, deadline);
  }
}

bool ResumingStream::AnyCall() const {
  return std::any_of(links_.begin(), links_.end(), [](const auto& link) {
    return link->call != nullptr && !link->ended.has_value();
  });
}

// --- The keeper thread -------------------------------------------------------

void ResumingStream::Keep() {
  while (true) {
    News news;
    {
      MutexLock lock(&mutex_);
      if (!final_.ok()) break;
      news = Tend(absl::Now());
      if (news.empty() && final_.ok()) {
        keeper_wakes_.WaitUntil(&mutex_, NextTending());
      }
    }
    if (news.empty()) continue;
    endpoints_->LookUpSoon();
    if (!options_.on_reconnect) continue;
    for (const absl::Status& why : news) options_.on_reconnect(why);
  }
  // No more addresses, and so no more links.
  endpoints_.reset();
  EndCalls();
}

ResumingStream::News ResumingStream::Tend(absl::Time now) {
  News news;
  for (const auto& link : links_) {
    if (link->call != nullptr && link->ended.has_value()) {
      Judge(link.get(), now, &news);
    }
  }
  std::erase_if(links_, [](const auto& link) {
    return link->retired && link->call == nullptr;
  });
  JudgeAll();
  if (!final_.ok()) return {};
  for (const auto& link : links_) {
    if (window_.all_received()) {
      // Too late to be of use.
      if (link->call != nullptr && !link->open) link->call->Cancel();
    } else if (link->call == nullptr && now >= link->next_attempt) {
      link->Start(OpenRequest(), options_);
    }
  }
  Ask(now);
  Hedge(now);
  return news;
}

v1::OpenStream ResumingStream::OpenRequest() const {
  v1::OpenStream open;
  if (opened_ != nullptr) {
    // Pinned: a version published meanwhile changes nothing.
    *open.mutable_plan() = opened_->plan();
    open.set_expected_plan_digest(opened_->plan_digest());
  } else if (options_.restore.has_value()) {
    // Validate() has tried it.
    *open.mutable_plan() = *PinToState(options_.plan, *options_.restore);
  } else {
    *open.mutable_plan() = options_.plan;
  }
  open.set_rank(options_.rank);
  open.set_world_size(options_.world_size);
  open.set_client(options_.name);
  return open;
}

void ResumingStream::Judge(ServerLink* link, absl::Time now, News* news) {
  absl::Status failure = link->verdict.ok() ? *link->ended : link->verdict;
  for (const uint64_t step : balancer_.Leave(link->id)) {
    if (window_.Misses(step)) ++stats_.retries;
    window_.Lost(step);
  }
  const bool of_use = link->call_steps > 0;
  link->Forget();
  if (!final_.ok() || window_.all_received() || link->retired) return;
  if (failure.ok()) {
    failure = absl::UnavailableError("the server ended the stream early");
  }
  ++link->failures;
  ++failed_calls_;
  link->last_failure = last_failure_ = Named(*link, failure);
  link->refused = !IsRetryable(failure);
  if (of_use) link->backoff.Reset();
  link->next_attempt =
      now + (link->refused ? options_.max_backoff : link->backoff.Next());
  news->push_back(link->last_failure);
}

absl::Status ResumingStream::Named(const ServerLink& link,
                                   const absl::Status& status) const {
  if (absl::IsUnimplemented(status)) {
    return absl::UnimplementedError(absl::StrCat(
        link.server.shown, " answers, but streams no batches (",
        status.message(), "): it is no millraced, or of another version"));
  }
  if (links_.size() < 2) return status;
  return absl::Status(status.code(),
                      absl::StrCat(link.server.shown, ": ", status.message()));
}

void ResumingStream::JudgeAll() {
  const ServerLink* refusing = nullptr;
  for (const auto& link : links_) {
    if (link->refused) {
      refusing = link.get();
      continue;
    }
    // Once steps have come, a server that is down may come back with more of
    // them. Before that, who fails at once is nothing to wait for.
    const bool hopeful =
        link->open || opened_ != nullptr || link->failures == 0;
    if (hopeful) return;
  }
  if (refusing != nullptr) End(refusing->last_failure);
}

void ResumingStream::Hedge(absl::Time now) {
  if (!final_.ok()) return;
  while (const auto hedge = balancer_.TakeHedge(now)) {
    ++stats_.hedges;
    window_.Asked(hedge->step);
    balancer_.Asked(hedge->server, hedge->step, now);
    FindLink(hedge->server)->call->Ask({hedge->step, 1}, {});
  }
}

absl::Time ResumingStream::NextTending() const {
  absl::Time next = absl::InfiniteFuture();
  int open = 0;
  for (const auto& link : links_) {
    if (link->open) ++open;
    if (link->call == nullptr && !window_.all_received()) {
      next = std::min(next, link->next_attempt);
    }
  }
  // Asks that are to come are late soon, too.
  if (open < 2) return next;
  const absl::Time now = absl::Now();
  const absl::Time look = now + std::max(options_.hedge_after, kLeastLook);
  return std::min(
      {next, look, std::max(balancer_.NextHedge(), now + kLeastLook / 4)});
}

void ResumingStream::EndCalls() {
  MutexLock lock(&mutex_);
  for (const auto& link : links_) {
    if (link->call == nullptr) continue;
    link->call->Cancel();
    while (!link->ended.has_value()) keeper_wakes_.Wait(&mutex_);
    link->Forget();
  }
}

// --- The list's thread -------------------------------------------------------

void ResumingStream::OnAddresses(const std::vector<ServerAddress>& addresses,
                                 const absl::Status& problem) {
  MutexLock lock(&mutex_);
  lookup_problem_ = problem;
  for (const auto& link : links_) {
    const bool there = std::find(addresses.begin(), addresses.end(),
                                 link->server) != addresses.end();
    if (there || link->retired) continue;
    link->retired = true;
    balancer_.Retire(link->id);
    if (link->open) link->call->FinishAsking();
  }
  ServerLink::Owner* const owner = this;
  for (const ServerAddress& address : addresses) {
    const auto count =
        std::count_if(links_.begin(), links_.end(), [&](const auto& link) {
          return !link->retired && link->server == address;
        });
    for (auto i = count; i < options_.connections; ++i) {
      links_.push_back(
          std::make_unique<ServerLink>(next_link_++, address, options_, owner));
    }
  }
  keeper_wakes_.NotifyOne();
}

// --- Any thread --------------------------------------------------------------

void ResumingStream::Ask(absl::Time now) {
  if (opened_ == nullptr || !final_.ok()) return;
  // By server, so that each is asked once.
  std::map<int, std::vector<StepRange>> asks;
  while (const std::optional<uint64_t> step = window_.NextToAsk()) {
    const std::optional<int> server = balancer_.Choose(now);
    if (!server.has_value()) break;
    window_.Asked(*step);
    balancer_.Asked(*server, *step, now);
    std::vector<StepRange>& ranges = asks[*server];
    if (ranges.empty() || ranges.back().first + ranges.back().count != *step) {
      ranges.push_back({*step, 0});
    }
    ++ranges.back().count;
  }
  for (const auto& [server, ranges] : asks) {
    StreamCall* const call = FindLink(server)->call.get();
    for (const StepRange& range : ranges) {
      call->Ask(range, TakeWaitReport(now));
    }
  }
  if (!window_.all_received()) return;
  for (const auto& link : links_) {
    if (link->open) link->call->FinishAsking();
  }
}

ServerLink* ResumingStream::FindLink(int id) const {
  for (const auto& link : links_) {
    if (link->id == id) return link.get();
  }
  return nullptr;
}

uint32_t ResumingStream::Depth() const {
  const uint64_t fit =
      options_.prefetch_bytes / std::max<uint64_t>(1, largest_batch_);
  return static_cast<uint32_t>(
      std::clamp<uint64_t>(fit, 1, options_.prefetch_steps));
}

WaitReport ResumingStream::TakeWaitReport(absl::Time now) {
  const absl::Duration waiting =
      std::max(absl::ZeroDuration(), now - in_next_since_);
  const absl::Duration wait = stats_.wait + waiting;
  const WaitReport report = {now - reported_at_, wait - reported_wait_};
  reported_at_ = now;
  reported_wait_ = wait;
  return report;
}

void ResumingStream::End(const absl::Status& status) {
  if (!final_.ok()) return;
  final_ = status;
  changed_.NotifyAll();
  keeper_wakes_.NotifyOne();
}

void ResumingStream::WaitForChange(absl::Duration since, absl::Time deadline) {
  const absl::Duration left =
      std::max(since, last_step_) + options_.give_up_after - TimeAwake();
  if (left <= absl::ZeroDuration()) {
    End(GaveUp());
  } else {
    changed_.WaitUntil(&mutex_, std::min(absl::Now() + left, deadline));
  }
}

absl::Status ResumingStream::GaveUp() const {
  std::string message =
      absl::StrCat("no step from ", absl::StrJoin(options_.endpoints, ", "),
                   " for ", absl::FormatDuration(options_.give_up_after));
  const bool connected =
      std::any_of(links_.begin(), links_.end(),
                  [](const auto& link) { return link->open; });
  if (connected) {
    absl::StrAppend(&message, "; it is connected, but step ", window_.next(),
                    " does not come");
  }
  if (!lookup_problem_.ok()) {
    absl::StrAppend(&message, "; ", lookup_problem_.message());
  }
  if (failed_calls_ > 0) {
    absl::StrAppend(
        &message, "; ", failed_calls_,
        " connections failed, the last one with: ", last_failure_.ToString());
  }
  if (absl::IsUnavailable(last_failure_)) {
    absl::StrAppend(
        &message,
        "; check that millraced runs there and that this is the port of its "
        "gRPC services, not of its metrics, and not behind TLS, which this "
        "client does not speak");
  } else if (failed_calls_ == 0 && opened_ == nullptr) {
    absl::StrAppend(&message,
                    "; if something accepts connections there, it is no "
                    "millraced");
  }
  return absl::UnavailableError(message);
}

}  // namespace millrace::client
