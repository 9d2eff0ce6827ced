#include "client/balancer.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace millrace::client {

namespace {

// Of the newest in the average.
constexpr double kWeight = 0.25;
// In so long, half of a slowness is forgiven.
constexpr absl::Duration kForgive = absl::Seconds(5);
// A step is late at so many times the median.
constexpr int kLate = 3;
// As long as there is no median.
constexpr size_t kFewAnswers = 8;
constexpr absl::Duration kLateAtFirst = absl::Seconds(1);
// The budget of hedges.
constexpr double kHedgesPerAnswer = 0.1;
constexpr absl::Duration kHedgePeriod = absl::Milliseconds(100);
constexpr double kMaxHedges = 16;
// Of a server, only the steps that are needed first are looked at.
constexpr int kLooks = 64;

}  // namespace

Balancer::Balancer(absl::Duration hedge_after)
    : hedge_after_(hedge_after), hedges_left_(kMaxHedges) {}

void Balancer::Join(int server, const std::string& host,
                    uint32_t max_outstanding) {
  servers_[server] = {.host = host, .max_outstanding = max_outstanding};
}

Balancer::Ask* Balancer::OtherAsk(int but, uint64_t step) {
  for (auto& [id, server] : servers_) {
    const auto ask = server.asked.find(step);
    if (id != but && ask != server.asked.end()) return &ask->second;
  }
  return nullptr;
}

std::vector<uint64_t> Balancer::Leave(int server) {
  std::vector<uint64_t> steps;
  const auto found = servers_.find(server);
  if (found == servers_.end()) return steps;
  for (const auto& [step, ask] : found->second.asked) {
    steps.push_back(step);
    if (Ask* other = OtherAsk(server, step)) other->hedged = false;
  }
  servers_.erase(found);
  return steps;
}

absl::Duration Balancer::BestSpeed() const {
  absl::Duration best = absl::InfiniteDuration();
  for (const auto& [id, server] : servers_) {
    if (server.speed > absl::ZeroDuration()) {
      best = std::min(best, server.speed);
    }
  }
  return best;
}

absl::Duration Balancer::SpeedOf(const Server& server, absl::Time now) const {
  const absl::Duration best = BestSpeed();
  absl::Duration speed = server.speed;
  // Unknown: as good as the best.
  if (speed == absl::ZeroDuration()) {
    speed = best == absl::InfiniteDuration() ? absl::Milliseconds(1) : best;
  }
  if (server.asked.empty()) {
    if (speed <= best) return speed;
    const double rests = (now - server.last_answer) / kForgive;
    return best + (speed - best) * std::exp2(-std::max(0.0, rests));
  }
  return std::max(speed, now - server.busy_since);
}

std::optional<int> Balancer::Choose(absl::Time now) const {
  std::optional<int> chosen;
  absl::Duration least;
  for (const auto& [id, server] : servers_) {
    const size_t waiting = server.asked.size();
    if (waiting >= server.max_outstanding) continue;
    const absl::Duration expected =
        SpeedOf(server, now) * static_cast<double>(waiting + 1);
    if (!chosen.has_value() || expected < least) {
      chosen = id;
      least = expected;
    }
  }
  return chosen;
}

void Balancer::Asked(int server, uint64_t step, absl::Time now) {
  Ask* const other = OtherAsk(server, step);
  if (other != nullptr) other->hedged = true;
  Server& asked = servers_.at(server);
  if (asked.asked.empty()) {
    // What is forgiven stays so: the answer is weighed against that.
    if (asked.speed > absl::ZeroDuration()) asked.speed = SpeedOf(asked, now);
    asked.busy_since = now;
  }
  asked.asked.emplace(
      step,
      Ask{.at = now, .second = other != nullptr, .hedged = other != nullptr});
}

bool Balancer::IsAsked(int server, uint64_t step) const {
  const auto found = servers_.find(server);
  return found != servers_.end() && found->second.asked.contains(step);
}

void Balancer::Retire(int server) {
  const auto found = servers_.find(server);
  if (found != servers_.end()) found->second.max_outstanding = 0;
}

Balancer::Answer Balancer::Answered(int server, uint64_t step, absl::Time now) {
  Server& answerer = servers_.at(server);
  const auto ask = answerer.asked.find(step);
  const Answer answer = {now - ask->second.at, ask->second.second};
  const absl::Duration busy =
      now - std::max(ask->second.at, answerer.busy_since);
  answerer.speed = answerer.speed == absl::ZeroDuration()
                       ? busy
                       : answerer.speed * (1 - kWeight) + busy * kWeight;
  // Zero means unknown.
  answerer.speed = std::max(answerer.speed, absl::Nanoseconds(1));
  answerer.last_answer = answerer.busy_since = now;
  answerer.asked.erase(ask);
  if (Ask* other = OtherAsk(server, step)) other->settled = true;
  hedges_left_ = std::min(kMaxHedges, hedges_left_ + kHedgesPerAnswer);
  Remember(answer.latency);
  return answer;
}

void Balancer::Remember(absl::Duration latency) {
  latencies_[answers_++ % kLatencies] = latency;
  std::array<absl::Duration, kLatencies> sorted = latencies_;
  const size_t count = std::min(answers_, kLatencies);
  std::nth_element(sorted.begin(), sorted.begin() + count / 2,
                   sorted.begin() + count);
  typical_ = sorted[count / 2];
}

absl::Duration Balancer::LateAfter() const {
  return std::max(hedge_after_,
                  answers_ < kFewAnswers ? kLateAtFirst : kLate * typical_);
}

std::optional<int> Balancer::ChooseSecond(const Server& slow, uint64_t step,
                                          absl::Time now) const {
  std::optional<int> chosen;
  absl::Duration least = SpeedOf(slow, now);
  for (const auto& [id, server] : servers_) {
    if (server.host == slow.host || server.asked.contains(step)) continue;
    if (server.asked.size() >= server.max_outstanding) continue;
    const absl::Duration speed = SpeedOf(server, now);
    if (speed < least) {
      chosen = id;
      least = speed;
    }
  }
  return chosen;
}

std::optional<Balancer::Hedge> Balancer::TakeHedge(absl::Time now) {
  if (hedge_after_ == absl::InfiniteDuration() || servers_.size() < 2) {
    return std::nullopt;
  }
  const double refill = (now - last_refill_) / kHedgePeriod;
  hedges_left_ = std::min(kMaxHedges, hedges_left_ + std::max(0.0, refill));
  last_refill_ = now;
  if (hedges_left_ < 1) return std::nullopt;
  const absl::Duration late = LateAfter();
  for (const auto& [id, server] : servers_) {
    int looks = kLooks;
    for (const auto& [step, ask] : server.asked) {
      if (looks-- == 0) break;
      if (now - ask.at < late || ask.hedged || ask.settled) continue;
      const std::optional<int> second = ChooseSecond(server, step, now);
      if (!second.has_value()) continue;
      hedges_left_ -= 1;
      return Hedge{step, *second};
    }
  }
  return std::nullopt;
}

absl::Time Balancer::NextHedge() const {
  if (hedge_after_ == absl::InfiniteDuration() || servers_.size() < 2) {
    return absl::InfiniteFuture();
  }
  const absl::Duration late = LateAfter();
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [id, server] : servers_) {
    int looks = kLooks;
    for (const auto& [step, ask] : server.asked) {
      if (looks-- == 0) break;
      if (!ask.hedged && !ask.settled) next = std::min(next, ask.at + late);
    }
  }
  // What is late already waits for the budget or for a faster server.
  return std::max(next, last_refill_ + kHedgePeriod);
}

}  // namespace millrace::client
