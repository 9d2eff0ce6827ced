#include "server/trainer_waits.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace millrace {
namespace {

constexpr char kSeconds[] = "millrace_trainer_seconds_total";
constexpr char kWaited[] = "millrace_trainer_wait_seconds_total";

// By client.
std::map<std::string, double> Values(const prometheus::Registry& registry,
                                     const std::string& metric) {
  std::map<std::string, double> values;
  for (const prometheus::MetricFamily& family : registry.Collect()) {
    if (family.name != metric) continue;
    for (const prometheus::ClientMetric& value : family.metric) {
      values[value.label.at(0).value] = value.counter.value;
    }
  }
  return values;
}

using ByClient = std::map<std::string, double>;

TEST(TrainerWaitsTest, StreamsOfOneNameCountTogetherUntilTheLastIsGone) {
  prometheus::Registry registry;
  TrainerWaits waits(&registry);
  auto one = waits.Join("resnet");
  auto other = waits.Join("resnet");
  const auto alone = waits.Join("");
  one->Add(absl::Seconds(4), absl::Seconds(1));
  other->Add(absl::Seconds(2), absl::Seconds(2));
  EXPECT_EQ(Values(registry, kSeconds), (ByClient{{"", 0}, {"resnet", 6}}));
  EXPECT_EQ(Values(registry, kWaited), (ByClient{{"", 0}, {"resnet", 3}}));
  one.reset();
  EXPECT_EQ(Values(registry, kSeconds), (ByClient{{"", 0}, {"resnet", 6}}));
  other.reset();
  EXPECT_EQ(Values(registry, kSeconds), (ByClient{{"", 0}}));
  one = waits.Join("resnet");
  EXPECT_EQ(Values(registry, kSeconds), (ByClient{{"", 0}, {"resnet", 0}}));
}

TEST(TrainerWaitsTest, WhatCannotBeIsCut) {
  prometheus::Registry registry;
  TrainerWaits waits(&registry);
  const auto trainer = waits.Join("a");
  trainer->Add(absl::Seconds(1), absl::Seconds(5));
  trainer->Add(-absl::Seconds(3), absl::Seconds(1));
  trainer->Add(absl::Hours(1000), -absl::Seconds(1));
  EXPECT_EQ(Values(registry, kSeconds), (ByClient{{"a", 1 + 24 * 3600}}));
  EXPECT_EQ(Values(registry, kWaited), (ByClient{{"a", 1}}));
}

TEST(TrainerWaitsTest, ComingAndGoingAtOnceLeavesNothing) {
  prometheus::Registry registry;
  TrainerWaits waits(&registry);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&waits] {
      for (int round = 0; round < 500; ++round) {
        waits.Join("a")->Add(absl::Seconds(1), absl::Seconds(1));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Values(registry, kSeconds), ByClient());
}

}  // namespace
}  // namespace millrace
