// Who is asked for which step: of several servers, the one that is expected to
// answer first; and a second one where the first is late.
//
// A server's speed is the time that it takes for a step while it has some to
// make, averaged over the last few. It is expected to answer its (n + 1)-th
// step after (n + 1) such times. A server that is silent counts as at least as
// slow as its silence is long; one that was slow and is not asked any more is
// forgiven by and by, so that it is tried again.
//
// Plain state without locks, clocks or network.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace millrace::client {

class Balancer {
 public:
  // Hedges no step before it is `hedge_after` old.
  explicit Balancer(absl::Duration hedge_after);

  // A server answers now. `host`: connections to the same one share it, and do
  // not hedge one another. `max_outstanding` > 0: steps that it takes ahead.
  void Join(int server, const std::string& host, uint32_t max_outstanding);

  // It is lost. Returns what it was asked for and has not answered.
  std::vector<uint64_t> Leave(int server);

  // Whom to ask for a step; absent: nobody can take one.
  std::optional<int> Choose(absl::Time now) const;

  void Asked(int server, uint64_t step, absl::Time now);

  bool IsAsked(int server, uint64_t step) const;

  struct Answer {
    absl::Duration latency;
    // The step was asked of this server as a hedge.
    bool hedge = false;
  };
  // An answer came from whom IsAsked().
  Answer Answered(int server, uint64_t step, absl::Time now);

  // It is to get no more steps; what it was asked for may still come.
  void Retire(int server);

  struct Hedge {
    uint64_t step = 0;
    int server = 0;
  };
  // A step to ask a second server for; the caller calls Asked(). Not more than
  // one hedge for ten answers, or for each kHedgePeriod, in the long run.
  std::optional<Hedge> TakeHedge(absl::Time now);

  // When TakeHedge() may have something to say if nothing else happens.
  absl::Time NextHedge() const;

 private:
  static constexpr size_t kLatencies = 64;

  struct Ask {
    absl::Time at;
    // Another server was asked before.
    bool second = false;
    // Two servers are asked.
    bool hedged = false;
    // The other one has answered.
    bool settled = false;
  };
  struct Server {
    std::string host;
    uint32_t max_outstanding = 0;
    // By step.
    std::map<uint64_t, Ask> asked;
    absl::Time last_answer = absl::InfinitePast();
    // It has had something to make since then, or since its last answer.
    absl::Time busy_since = absl::InfinitePast();
    // Of a step; zero: unknown.
    absl::Duration speed;
  };

  // The ask for `step` of another server than `but`; null if there is none.
  Ask* OtherAsk(int but, uint64_t step);
  absl::Duration SpeedOf(const Server& server, absl::Time now) const;
  absl::Duration BestSpeed() const;
  absl::Duration LateAfter() const;
  void Remember(absl::Duration latency);
  // Whom to ask for a late step of `slow` instead.
  std::optional<int> ChooseSecond(const Server& slow, uint64_t step,
                                  absl::Time now) const;

  const absl::Duration hedge_after_;
  std::map<int, Server> servers_;
  // Of the last answers, and the median of these.
  std::array<absl::Duration, kLatencies> latencies_;
  size_t answers_ = 0;
  absl::Duration typical_;
  double hedges_left_;
  absl::Time last_refill_ = absl::InfinitePast();
};

}  // namespace millrace::client
