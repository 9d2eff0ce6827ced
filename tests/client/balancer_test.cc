#include "client/balancer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace millrace::client {
namespace {

constexpr absl::Duration kMs = absl::Milliseconds(1);
const absl::Time kBegin = absl::UnixEpoch() + absl::Hours(1);

// Servers that take so long for each step, one after the other, and a trainer
// that always wants `depth` steps. Time is counted, not passed.
class World {
 public:
  World(std::vector<absl::Duration> pace, size_t depth,
        absl::Duration hedge_after = absl::InfiniteDuration())
      : pace_(std::move(pace)), depth_(depth), balancer_(hedge_after) {
    for (size_t i = 0; i < pace_.size(); ++i) {
      balancer_.Join(static_cast<int>(i), std::to_string(i), 1000);
    }
    queues_.resize(pace_.size());
    free_at_.resize(pace_.size(), kBegin);
  }

  // Until so many steps have been answered. Steps by server.
  std::vector<int> Run(int steps) {
    std::vector<int> answered(pace_.size());
    while (steps > 0) {
      while (missing_.size() < depth_) {
        const std::optional<int> server = balancer_.Choose(now_);
        missing_.insert({next_, true});
        Ask(*server, next_++);
      }
      while (const auto hedge = balancer_.TakeHedge(now_)) {
        ++hedges_;
        Ask(hedge->server, hedge->step);
      }
      const int server = Soonest();
      // Late steps are looked at every 5 ms.
      const absl::Time look = now_ + 5 * kMs;
      if (Done(server) > look) {
        now_ = look;
        continue;
      }
      now_ = std::max(now_, Done(server));
      const uint64_t step = queues_[server].front();
      queues_[server].pop_front();
      free_at_[server] = now_;
      balancer_.Answered(server, step, now_);
      if (missing_.erase(step) > 0) {
        ++answered[server];
        --steps;
      }
    }
    return answered;
  }

  void SetPace(int server, absl::Duration pace) { pace_[server] = pace; }
  absl::Duration elapsed() const { return now_ - kBegin; }
  int hedges() const { return hedges_; }

 private:
  void Ask(int server, uint64_t step) {
    if (queues_[server].empty()) {
      free_at_[server] = std::max(free_at_[server], now_);
    }
    queues_[server].push_back(step);
    balancer_.Asked(server, step, now_);
  }

  absl::Time Done(int server) const {
    if (queues_[server].empty()) return absl::InfiniteFuture();
    return free_at_[server] + pace_[server];
  }

  int Soonest() const {
    int soonest = 0;
    for (size_t i = 1; i < pace_.size(); ++i) {
      if (Done(static_cast<int>(i)) < Done(soonest)) {
        soonest = static_cast<int>(i);
      }
    }
    return soonest;
  }

  std::vector<absl::Duration> pace_;
  const size_t depth_;
  Balancer balancer_;
  absl::Time now_ = kBegin;
  uint64_t next_ = 0;
  int hedges_ = 0;
  std::map<uint64_t, bool> missing_;
  std::vector<std::deque<uint64_t>> queues_;
  std::vector<absl::Time> free_at_;
};

TEST(BalancerTest, EqualServersGetEqualShares) {
  World world({10 * kMs, 10 * kMs, 10 * kMs}, 9);
  for (const int steps : world.Run(3000)) EXPECT_NEAR(steps, 1000, 100);
}

TEST(BalancerTest, SharesFollowTheSpeed) {
  World world({10 * kMs, 30 * kMs}, 16);
  const std::vector<int> steps = world.Run(4000);
  EXPECT_NEAR(steps[0], 3000, 250);
  // 40 steps in 300 ms is all that both can make together.
  EXPECT_LT(world.elapsed(), 1.1 * 100 * 300 * kMs);
}

TEST(BalancerTest, AVerySlowServerHardlyCounts) {
  World world({10 * kMs, 10 * kMs, 200 * kMs}, 6, 20 * kMs);
  world.Run(2000);
  EXPECT_LT(world.elapsed(), 1.15 * 1000 * 10 * kMs);
}

TEST(BalancerTest, AServerThatHasBecomeFastIsFoundOut) {
  World world({10 * kMs, 500 * kMs}, 4, 20 * kMs);
  world.Run(1000);
  world.SetPace(1, 10 * kMs);
  world.Run(4000);
  const std::vector<int> steps = world.Run(1000);
  EXPECT_GT(steps[1], 300);
}

TEST(BalancerTest, AFrozenServerCostsItsStepsOneHedgeEach) {
  World world({10 * kMs, 10 * kMs, 10 * kMs}, 12, 20 * kMs);
  world.Run(300);
  world.SetPace(1, absl::Hours(10));
  const int before = world.hedges();
  world.Run(1000);
  // The twelve steps ahead, shared by three, and a few for lateness that
  // follows from fewer servers.
  EXPECT_LE(world.hedges() - before, 40);
  EXPECT_LT(world.elapsed(), 1.3 * (100 + 500) * 10 * kMs);
}

TEST(BalancerTest, HedgesAreFewWhereAllAreSlow) {
  World world({10 * kMs, 10 * kMs}, 4, 20 * kMs);
  world.Run(1000);
  world.SetPace(0, 300 * kMs);
  world.SetPace(1, 300 * kMs);
  const int before = world.hedges();
  const absl::Duration begin = world.elapsed();
  world.Run(200);
  const double periods = (world.elapsed() - begin) / absl::Milliseconds(100);
  EXPECT_LE(world.hedges() - before, 16 + 20 + periods);
}

TEST(BalancerTest, AFullServerIsNotAsked) {
  Balancer balancer(absl::InfiniteDuration());
  EXPECT_EQ(balancer.Choose(kBegin), std::nullopt);
  balancer.Join(7, "a", 2);
  balancer.Asked(7, 0, kBegin);
  EXPECT_EQ(balancer.Choose(kBegin), 7);
  balancer.Asked(7, 1, kBegin);
  EXPECT_EQ(balancer.Choose(kBegin), std::nullopt);
  EXPECT_TRUE(balancer.IsAsked(7, 1));
  balancer.Answered(7, 1, kBegin + kMs);
  EXPECT_FALSE(balancer.IsAsked(7, 1));
  EXPECT_EQ(balancer.Choose(kBegin), 7);
}

TEST(BalancerTest, ARetiredServerAnswersButIsNotAsked) {
  Balancer balancer(absl::InfiniteDuration());
  balancer.Join(0, "a", 10);
  balancer.Asked(0, 5, kBegin);
  balancer.Retire(0);
  EXPECT_EQ(balancer.Choose(kBegin), std::nullopt);
  EXPECT_EQ(balancer.Answered(0, 5, kBegin + 3 * kMs).latency, 3 * kMs);
}

TEST(BalancerTest, WhoLeavesSaysWhatItHasNotAnswered) {
  Balancer balancer(absl::InfiniteDuration());
  balancer.Join(0, "a", 10);
  for (const uint64_t step : {4, 5, 6}) balancer.Asked(0, step, kBegin);
  balancer.Answered(0, 5, kBegin);
  EXPECT_EQ(balancer.Leave(0), std::vector<uint64_t>({4, 6}));
  EXPECT_EQ(balancer.Leave(0), std::vector<uint64_t>());
}

TEST(BalancerTest, ALateStepIsHedgedOnceAndTheSecondAnswerIsKnown) {
  Balancer balancer(20 * kMs);
  balancer.Join(0, "a", 10);
  balancer.Join(1, "b", 10);
  // Until eight answers tell what is usual, late is a second.
  balancer.Asked(0, 1, kBegin);
  EXPECT_FALSE(balancer.TakeHedge(kBegin + absl::Milliseconds(999)));
  const auto hedge = balancer.TakeHedge(kBegin + absl::Seconds(1));
  ASSERT_TRUE(hedge.has_value());
  EXPECT_EQ(hedge->step, 1u);
  EXPECT_EQ(hedge->server, 1);
  balancer.Asked(1, 1, kBegin + absl::Seconds(1));
  EXPECT_FALSE(balancer.TakeHedge(kBegin + absl::Seconds(9)));
  EXPECT_TRUE(balancer.Answered(1, 1, kBegin + absl::Seconds(9)).hedge);
  // It was answered; the first server still may.
  EXPECT_FALSE(balancer.TakeHedge(kBegin + absl::Seconds(20)));
  EXPECT_FALSE(balancer.Answered(0, 1, kBegin + absl::Seconds(21)).hedge);
}

TEST(BalancerTest, ConnectionsToOneHostDoNotHedgeOneAnother) {
  Balancer balancer(20 * kMs);
  balancer.Join(0, "a", 10);
  balancer.Join(1, "a", 10);
  balancer.Asked(0, 1, kBegin);
  EXPECT_FALSE(balancer.TakeHedge(kBegin + absl::Hours(1)));
}

TEST(BalancerTest, WhatTheSecondServerLosesIsHedgedAgain) {
  Balancer balancer(20 * kMs);
  for (const int server : {0, 1, 2}) {
    balancer.Join(server, std::to_string(server), 10);
  }
  balancer.Asked(0, 1, kBegin);
  const auto hedge = balancer.TakeHedge(kBegin + absl::Seconds(1));
  ASSERT_TRUE(hedge.has_value());
  balancer.Asked(hedge->server, 1, kBegin + absl::Seconds(1));
  balancer.Leave(hedge->server);
  EXPECT_TRUE(balancer.TakeHedge(kBegin + absl::Seconds(2)).has_value());
}

}  // namespace
}  // namespace millrace::client
