#include "client/endpoint_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>

#include "absl/time/clock.h"
#include "base/mutex.h"
#include "tests/support/event.h"

namespace millrace::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Strings = std::vector<std::string>;

// What a list told last, for a test to wait for.
class Told {
 public:
  EndpointList::Listener listener() {
    return [this](std::vector<ServerAddress> addresses,
                  const absl::Status& problem) {
      MutexLock lock(&mutex_);
      std::vector<std::string>& told = told_.emplace_back();
      for (const ServerAddress& server : addresses) {
        told.push_back(server.address);
      }
      problem_ = problem;
      changed_.NotifyAll();
    };
  }

  // What was told the `times`-th time; more may have come since.
  std::vector<std::string> WaitFor(size_t times) {
    MutexLock lock(&mutex_);
    while (told_.size() < times) changed_.Wait(&mutex_);
    return told_[times - 1];
  }

  absl::Status problem() {
    MutexLock lock(&mutex_);
    return problem_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<std::vector<std::string>> told_ ABSL_GUARDED_BY(mutex_);
  absl::Status problem_ ABSL_GUARDED_BY(mutex_);
};

TEST(EndpointListTest, HostsAreLeftAsTheyAreAndToldAtOnce) {
  Told told;
  EndpointList list({"a:1", "b:2"}, absl::Seconds(1), told.listener(),
                    [](const std::string&) -> std::vector<std::string> {
                      ADD_FAILURE() << "nothing is to be looked up";
                      return {};
                    });
  EXPECT_THAT(told.WaitFor(1), ElementsAre("a:1", "b:2"));
}

TEST(EndpointListTest, EveryAddressOfANameIsAServerAndChangesAreTold) {
  Told told;
  std::atomic<int> look_ups{0};
  EndpointList list({"dns:///mill:80", "b:2"}, absl::Milliseconds(1),
                    told.listener(), [&](const std::string& name) -> Strings {
                      EXPECT_EQ(name, "mill:80");
                      if (look_ups++ < 3) return {"1.1.1.1:80"};
                      return {"1.1.1.1:80", "2.2.2.2:80"};
                    });
  EXPECT_THAT(told.WaitFor(1), ElementsAre("1.1.1.1:80", "b:2"));
  EXPECT_THAT(told.WaitFor(2), ElementsAre("1.1.1.1:80", "2.2.2.2:80", "b:2"));
  EXPECT_GE(look_ups, 4);
}

TEST(EndpointListTest, WhatCannotBeLookedUpStaysAsItWasAndIsTold) {
  Told told;
  std::atomic<bool> fails{false};
  EndpointList list(
      {"dns:///mill:80"}, absl::Milliseconds(1), told.listener(),
      [&](const std::string&) -> absl::StatusOr<std::vector<std::string>> {
        if (fails) return absl::UnavailableError("no name server");
        return std::vector<std::string>{"1.1.1.1:80"};
      });
  EXPECT_THAT(told.WaitFor(1), ElementsAre("1.1.1.1:80"));
  fails = true;
  EXPECT_THAT(told.WaitFor(2), ElementsAre("1.1.1.1:80"));
  EXPECT_EQ(told.problem().message(), "no name server");
  fails = false;
  EXPECT_THAT(told.WaitFor(3), ElementsAre("1.1.1.1:80"));
  EXPECT_TRUE(told.problem().ok()) << told.problem();
}

TEST(EndpointListTest, AnEndDoesNotWaitForAResolverThatHangs) {
  Told told;
  auto entered = std::make_shared<Event>();
  auto go_on = std::make_shared<Event>();
  auto left = std::make_shared<Event>();
  {
    EndpointList list({"dns:///mill:80"}, absl::Milliseconds(1),
                      told.listener(),
                      [=](const std::string&) -> std::vector<std::string> {
                        entered->Notify();
                        go_on->Wait();
                        left->Notify();
                        return {"1.1.1.1:80"};
                      });
    entered->Wait();
  }
  go_on->Notify();
  left->Wait();
}

TEST(EndpointListTest, LooksUpRealNames) {
  const auto found = LookUp("localhost:8090");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(*found, ::testing::Contains("127.0.0.1:8090"));
  EXPECT_THAT(*LookUp("[::1]:80"), ElementsAre("[::1]:80"));
  const absl::Status missing = LookUp("no-such-host.invalid:1").status();
  EXPECT_THAT(std::string(missing.message()),
              HasSubstr("no-such-host.invalid"));
}

}  // namespace
}  // namespace millrace::client
