// One stream over several servers: shares, losses, late steps, refusals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/batch_stream.h"
#include "client/resuming_stream.h"
#include "tests/client/fake_server.h"
#include "tests/client/stream_testing.h"
#include "tests/support/event.h"

namespace millrace::client {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

// Where nobody listens.
constexpr char kNobody[] = "127.0.0.1:1";

grpc::Status Refuse(FakeStream*) {
  return {grpc::StatusCode::NOT_FOUND, "no dataset digits"};
}

// Until the stream has so many connections.
void ExpectConnected(BatchStream* stream, int servers, uint64_t* next) {
  const auto connected = [&] {
    int count = 0;
    for (const EndpointStats& endpoint : stream->stats().endpoints) {
      if (endpoint.connected) ++count;
    }
    return count;
  };
  while (connected() < servers) {
    ExpectSteps(stream, *next, *next + 1);
    ++*next;
  }
}

TEST(SeveralServersTest, AllOfThemServe) {
  FakeServer a(Serve);
  FakeServer b(Serve);
  FakeServer c(Serve);
  const auto stream =
      OpenOrDie(OptionsFor({a.endpoint(), b.endpoint(), c.endpoint()}));
  uint64_t next = 0;
  ExpectConnected(stream.get(), 3, &next);
  ExpectSteps(stream.get(), next, next + 300);
  const StreamStats stats = stream->stats();
  ASSERT_EQ(stats.endpoints.size(), 3u);
  uint64_t sum = 0;
  for (const EndpointStats& endpoint : stats.endpoints) {
    EXPECT_GT(endpoint.steps, 0u) << endpoint.endpoint;
    EXPECT_EQ(endpoint.failures, 0u) << endpoint.endpoint;
    EXPECT_GT(endpoint.p99_latency, absl::ZeroDuration());
    EXPECT_GE(endpoint.p99_latency, endpoint.median_latency);
    sum += endpoint.steps;
  }
  EXPECT_EQ(sum, stats.steps);
}

TEST(SeveralServersTest, ALostServersStepsComeFromTheOthersAtOnce) {
  Event a_is_asked;
  FakeServer a([&](FakeStream* stream) {
    stream->Open();
    if (stream->number() == 0) {
      stream->ReadAsk();
      a_is_asked.Notify();
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "going down");
    }
    stream->BeSilent();
    return grpc::Status::OK;
  });
  FakeServer b(Serve);
  BatchStreamOptions options = OptionsFor({a.endpoint(), b.endpoint()});
  options.min_backoff = options.max_backoff = absl::Hours(1);
  options.hedge_after = absl::InfiniteDuration();
  const auto stream = OpenOrDie(options);
  uint64_t next = 0;
  while (!a_is_asked.WaitFor(absl::ZeroDuration())) {
    ExpectSteps(stream.get(), next, next + 1);
    ++next;
  }
  ExpectSteps(stream.get(), next, next + 100);
  EXPECT_GE(stream->stats().retries, 1u);
  EXPECT_EQ(stream->stats().hedges, 0u);
}

TEST(SeveralServersTest, ALateStepComesFromAnotherServerAndOnlyOnce) {
  Event late_answers;
  std::atomic<int> answered_late{0};
  FakeServer a([&](FakeStream* stream) {
    stream->Open();
    const v1::AskSteps ask = stream->ReadAsk();
    late_answers.Wait();
    for (uint32_t i = 0; i < ask.count(); ++i) {
      stream->SendStep(ask.first_step() + i);
      ++answered_late;
    }
    stream->Serve();
    return grpc::Status::OK;
  });
  FakeServer b(Serve);
  BatchStreamOptions options = OptionsFor({a.endpoint(), b.endpoint()});
  options.hedge_after = absl::Milliseconds(5);
  const auto stream = OpenOrDie(options);
  uint64_t next = 0;
  ExpectConnected(stream.get(), 2, &next);
  ExpectSteps(stream.get(), next, next + 50);
  next += 50;
  const StreamStats stats = stream->stats();
  EXPECT_GE(stats.hedges, 1u);
  EXPECT_EQ(stats.hedges_won, stats.hedges);
  EXPECT_EQ(stats.retries, 0u);
  // The late answers are dropped, and their server is good again.
  late_answers.Notify();
  while (answered_late == 0) {
    ExpectSteps(stream.get(), next, next + 1);
    ++next;
  }
  ExpectSteps(stream.get(), next, next + 50);
  for (const EndpointStats& endpoint : stream->stats().endpoints) {
    EXPECT_TRUE(endpoint.connected);
    EXPECT_EQ(endpoint.failures, 0u);
  }
}

TEST(SeveralServersTest, WithoutHedgingALateStepIsWaitedFor) {
  Event go_on;
  FakeServer a([&](FakeStream* stream) {
    stream->Open();
    go_on.Wait();
    stream->Serve();
    return grpc::Status::OK;
  });
  FakeServer b(Serve);
  BatchStreamOptions options = OptionsFor({a.endpoint(), b.endpoint()});
  options.hedge_after = absl::InfiniteDuration();
  options.prefetch_steps = 16;
  const auto stream = OpenOrDie(options);
  uint64_t next = 0;
  absl::Status status;
  // Sooner or later a step is asked of the silent one.
  while (status.ok()) {
    const auto batch =
        stream->NextBefore(absl::Now() + absl::Milliseconds(200));
    status = batch.status();
    if (status.ok()) ASSERT_TRUE(IsBatch(*batch, next++));
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded) << status;
  go_on.Notify();
  ExpectSteps(stream.get(), next, next + 30);
  EXPECT_EQ(stream->stats().hedges, 0u);
}

TEST(SeveralServersTest, WhoIsDownAtTheStartIsUsedOnceItIsUp) {
  FakeServer a(Serve);
  int port = 0;
  { port = FakeServer(Serve).port(); }
  const auto stream =
      OpenOrDie(OptionsFor({a.endpoint(), absl::StrCat("127.0.0.1:", port)}));
  ExpectSteps(stream.get(), 0, 10);
  FakeServer b(Serve, port);
  uint64_t next = 10;
  ExpectConnected(stream.get(), 2, &next);
}

TEST(SeveralServersTest, AllMayBeDownForAWhile) {
  auto a = std::make_unique<FakeServer>(Serve);
  auto b = std::make_unique<FakeServer>(Serve);
  const int a_port = a->port();
  const int b_port = b->port();
  const auto stream = OpenOrDie(OptionsFor({a->endpoint(), b->endpoint()}));
  uint64_t next = 0;
  ExpectConnected(stream.get(), 2, &next);
  a.reset();
  b.reset();
  // What has arrived before is handed out.
  absl::StatusOr<ReceivedBatch> batch;
  do {
    batch = stream->NextBefore(absl::Now() + absl::Milliseconds(300));
    if (batch.ok()) ASSERT_TRUE(IsBatch(*batch, next++));
  } while (batch.ok());
  EXPECT_EQ(batch.status().code(), absl::StatusCode::kDeadlineExceeded);
  a = std::make_unique<FakeServer>(Serve, a_port);
  ExpectSteps(stream.get(), next, next + 20);
  next += 20;
  b = std::make_unique<FakeServer>(Serve, b_port);
  ExpectConnected(stream.get(), 2, &next);
  EXPECT_GE(stream->stats().reconnects, 2u);
}

TEST(SeveralServersTest, ARefusalIsNotFinalWhileOthersServe) {
  FakeServer a(Refuse);
  FakeServer b(Serve);
  Event refused;
  BatchStreamOptions options = OptionsFor({a.endpoint(), b.endpoint()});
  options.on_reconnect = [&](const absl::Status& why) {
    EXPECT_EQ(why.code(), absl::StatusCode::kNotFound);
    EXPECT_THAT(std::string(why.message()),
                HasSubstr(absl::StrCat(a.endpoint(), ": no dataset digits")));
    refused.Notify();
  };
  const auto stream = OpenOrDie(options);
  ExpectSteps(stream.get(), 0, 50);
  refused.Wait();
  ExpectSteps(stream.get(), 50, 100);
}

TEST(SeveralServersTest, WhatAllRefuseIsRefused) {
  FakeServer a(Refuse);
  FakeServer b(Refuse);
  const absl::Status status =
      BatchStream::Open(OptionsFor({a.endpoint(), b.endpoint()})).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no dataset digits"));
}

TEST(SeveralServersTest, ARefusalIsFinalIfTheOthersAreDown) {
  FakeServer a(Refuse);
  EXPECT_EQ(
      BatchStream::Open(OptionsFor({kNobody, a.endpoint()})).status().code(),
      absl::StatusCode::kNotFound);
}

TEST(SeveralServersTest, AnErrorThatEveryServerMeetsIsFinal) {
  const auto serve_ten = [](FakeStream* stream) {
    stream->Open();
    while (true) {
      const v1::AskSteps ask = stream->ReadAsk();
      if (ask.count() == 0) return grpc::Status::OK;
      for (uint32_t i = 0; i < ask.count(); ++i) {
        if (ask.first_step() + i >= 10) {
          return grpc::Status(grpc::StatusCode::DATA_LOSS, "step 10 is lost");
        }
        stream->SendStep(ask.first_step() + i);
      }
    }
  };
  FakeServer a(serve_ten);
  FakeServer b(serve_ten);
  BatchStreamOptions options = OptionsFor({a.endpoint(), b.endpoint()});
  options.max_backoff = absl::Hours(1);
  const auto stream = OpenOrDie(options);
  ExpectSteps(stream.get(), 0, 10);
  const absl::Status status = stream->Next().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
}

TEST(SeveralServersTest, AServerOfAnotherPlanIsSetAside) {
  FakeServer a(Serve);
  FakeServer b([](FakeStream* stream) {
    v1::StreamOpened opened = MakeOpened();
    opened.set_plan_digest(99);
    stream->Open(opened);
    stream->Serve();
    return grpc::Status::OK;
  });
  Event set_aside;
  BatchStreamOptions options = OptionsFor({a.endpoint()});
  const auto first = OpenOrDie(options);
  options.endpoints = {a.endpoint(), b.endpoint()};
  // Even if b answers first: its plan is not the state's.
  options.restore = first->State();
  options.on_reconnect = [&](const absl::Status& why) {
    if (absl::IsFailedPrecondition(why)) {
      EXPECT_THAT(std::string(why.message()),
                  AllOf(HasSubstr(b.endpoint()), HasSubstr("another plan"),
                        HasSubstr("0000000000000063")));
      set_aside.Notify();
    }
  };
  const auto stream = OpenOrDie(options);
  ExpectSteps(stream.get(), 0, 50);
  set_aside.Wait();
  ExpectSteps(stream.get(), 50, 100);
}

TEST(SeveralServersTest, AServerThatSendsGarbageIsSetAside) {
  FakeServer a(Serve);
  FakeServer b([](FakeStream* stream) {
    stream->Open();
    stream->SendStep(1'000'000);
    stream->BeSilent();
    return grpc::Status::OK;
  });
  Event set_aside;
  BatchStreamOptions options = OptionsFor({a.endpoint(), b.endpoint()});
  options.on_reconnect = [&](const absl::Status& why) {
    EXPECT_EQ(why.code(), absl::StatusCode::kInternal);
    EXPECT_THAT(std::string(why.message()),
                AllOf(HasSubstr(b.endpoint()),
                      AnyOf(HasSubstr("not asked for"),
                            // Two messages may be looked at side by side.
                            HasSubstr("a batch before"))));
    set_aside.Notify();
  };
  const auto stream = OpenOrDie(options);
  ExpectSteps(stream.get(), 0, 50);
  set_aside.Wait();
  ExpectSteps(stream.get(), 50, 100);
}

TEST(SeveralServersTest, SeveralConnectionsGoToOneServer) {
  FakeServer server(Serve);
  BatchStreamOptions options = OptionsFor({server.endpoint()});
  options.connections = 3;
  const auto stream = OpenOrDie(options);
  uint64_t next = 0;
  ExpectConnected(stream.get(), 3, &next);
  ExpectSteps(stream.get(), next, next + 60);
  EXPECT_EQ(server.streams(), 3);
}

TEST(SeveralServersTest, AStreamFollowsTheAddressesOfAName) {
  FakeServer a(Serve);
  FakeServer b(Serve);
  std::atomic<bool> moved{false};
  BatchStreamOptions options = OptionsFor({"dns:///mill:80"});
  options.resolve_every = absl::Milliseconds(5);
  ResumingStream stream(options,
                        [&](const std::string&) -> std::vector<std::string> {
                          return {moved ? b.endpoint() : a.endpoint()};
                        });
  ASSERT_TRUE(stream.WaitUntilOpened().ok());
  ExpectSteps(&stream, 0, 20);
  EXPECT_EQ(b.streams(), 0);
  moved = true;
  uint64_t next = 20;
  while (true) {
    ExpectSteps(&stream, next, next + 1);
    ++next;
    const std::vector<EndpointStats> servers = stream.stats().endpoints;
    if (servers.size() == 1 && servers[0].steps > 0 &&
        servers[0].endpoint == absl::StrCat(b.endpoint(), " (mill:80)")) {
      break;
    }
  }
  EXPECT_EQ(stream.stats().retries, 0u);
}

TEST(SeveralServersTest, ANameWithoutAddressesIsToldWhenGivingUp) {
  BatchStreamOptions options = OptionsFor({"dns:///mill:80"});
  options.give_up_after = absl::Milliseconds(50);
  ResumingStream stream(
      options,
      [&](const std::string&) -> absl::StatusOr<std::vector<std::string>> {
        return absl::NotFoundError("cannot look up \"mill\"");
      });
  const absl::Status status = stream.WaitUntilOpened();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("cannot look up \"mill\""));
}

}  // namespace
}  // namespace millrace::client
