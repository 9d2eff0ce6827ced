#include "client/batch_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "client/dataset_query.h"
#include "client/resuming_stream.h"
#include "tests/client/fake_server.h"
#include "tests/client/stream_testing.h"
#include "tests/support/event.h"

namespace millrace::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

grpc::Status Unavailable() {
  return {grpc::StatusCode::UNAVAILABLE, "going down"};
}

TEST(BatchStreamTest, DeliversStepsInOrderUpToTheEnd) {
  FakeServer server(Serve);
  BatchStreamOptions options = OptionsFor({server.endpoint()});
  options.start_step = 7;
  options.end_step = 27;
  const auto stream = OpenOrDie(options);
  EXPECT_EQ(stream->opened().steps_per_epoch(), kStepsPerEpoch);
  ExpectSteps(stream.get(), 7, 27);
  EXPECT_EQ(stream->Next().status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(stream->Next().status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(stream->stats().steps, 20u);
  EXPECT_EQ(stream->stats().bytes, 20 * stream->opened().batch_bytes());
  EXPECT_EQ(stream->stats().reconnects, 0u);
  EXPECT_EQ(server.streams(), 1);
}

TEST(BatchStreamTest, ADeadlineThatPassesLosesNothing) {
  Event go;
  FakeServer server([&go](FakeStream* stream) {
    stream->Open();
    go.Wait();
    stream->Serve();
    return grpc::Status::OK;
  });
  BatchStreamOptions options = OptionsFor({server.endpoint()});
  options.end_step = 3;
  const auto stream = OpenOrDie(options);
  for (const int milliseconds : {-1, 0, 20}) {
    const absl::Time deadline = absl::Now() + absl::Milliseconds(milliseconds);
    EXPECT_EQ(stream->NextBefore(deadline).status().code(),
              absl::StatusCode::kDeadlineExceeded);
  }
  EXPECT_EQ(stream->State().next_step(), 0u);
  go.Notify();
  ExpectSteps(stream.get(), 0, 3);
  EXPECT_EQ(stream->NextBefore(absl::InfinitePast()).status().code(),
            absl::StatusCode::kOutOfRange);
}

TEST(BatchStreamTest, WaitingInSlicesGivesUpAsWaitingAtOnceDoes) {
  FakeServer server([](FakeStream* stream) {
    stream->Open();
    stream->BeSilent();
    return grpc::Status::OK;
  });
  BatchStreamOptions options = OptionsFor({server.endpoint()});
  options.give_up_after = absl::Milliseconds(50);
  // On a busy machine it may give up before it is open.
  const auto stream = BatchStream::Start(options);
  ASSERT_TRUE(stream.ok()) << stream.status();
  absl::Status status;
  do {
    status =
        (*stream)->NextBefore(absl::Now() + absl::Milliseconds(5)).status();
  } while (absl::IsDeadlineExceeded(status));
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
}

TEST(BatchStreamTest, StartingDoesNotWaitForTheServer) {
  Event go;
  FakeServer server([&go](FakeStream* stream) {
    go.Wait();
    return Serve(stream);
  });
  const auto stream = BatchStream::Start(OptionsFor({server.endpoint()}));
  ASSERT_TRUE(stream.ok()) << stream.status();
  EXPECT_EQ((*stream)->WaitUntilOpened(absl::InfinitePast()).code(),
            absl::StatusCode::kDeadlineExceeded);
  go.Notify();
  ASSERT_TRUE((*stream)->WaitUntilOpened().ok());
  EXPECT_EQ((*stream)->opened().steps_per_epoch(), kStepsPerEpoch);
  ExpectSteps(stream->get(), 0, 3);
}

TEST(BatchStreamTest, WhatWasStartedMayBeCancelledBeforeItOpens) {
  FakeServer server([](FakeStream* stream) {
    stream->BeSilent();
    return grpc::Status::OK;
  });
  const auto stream = BatchStream::Start(OptionsFor({server.endpoint()}));
  ASSERT_TRUE(stream.ok()) << stream.status();
  (*stream)->Cancel();
  EXPECT_EQ((*stream)->WaitUntilOpened().code(), absl::StatusCode::kCancelled);
}

TEST(BatchStreamTest, TheEndMayBeGivenInEpochs) {
  FakeServer server(Serve);
  BatchStreamOptions options = OptionsFor({server.endpoint()});
  options.end_epoch = 2;
  options.start_step = 3;
  auto stream = OpenOrDie(options);
  ExpectSteps(stream.get(), 3, 2 * kStepsPerEpoch);
  EXPECT_EQ(stream->Next().status().code(), absl::StatusCode::kOutOfRange);

  options.end_step = 5;
  stream = OpenOrDie(options);
  ExpectSteps(stream.get(), 3, 5);
  EXPECT_EQ(stream->Next().status().code(), absl::StatusCode::kOutOfRange);
}

TEST(BatchStreamTest, AStartBehindTheEndGivesNothing) {
  FakeServer server(Serve);
  BatchStreamOptions options = OptionsFor({server.endpoint()});
  options.end_epoch = 1;
  options.start_step = kStepsPerEpoch + 5;
  EXPECT_EQ(OpenOrDie(options)->Next().status().code(),
            absl::StatusCode::kOutOfRange);
}

TEST(BatchStreamTest, PutsStepsThatComeOutOfOrderInOrder) {
  FakeServer server([](FakeStream* stream) {
    stream->Open();
    const v1::AskSteps ask = stream->ReadAsk();
    for (uint32_t i = ask.count(); i > 0; --i) {
      stream->SendStep(ask.first_step() + i - 1);
    }
    stream->Serve();
    return grpc::Status::OK;
  });
  BatchStreamOptions options = OptionsFor({server.endpoint()});
  options.prefetch_steps = 8;
  ExpectSteps(OpenOrDie(options).get(), 0, 30);
}

TEST(BatchStreamTest, SendsThePlanAndTheRank) {
  v1::OpenStream seen;
  FakeServer server([&seen](FakeStream* stream) {
    seen = stream->Open();
    stream->Serve();
    return grpc::Status::OK;
  });
  BatchStreamOptions options = OptionsFor({server.endpoint()});
  options.plan.set_seed(42);
  options.rank = 1;
  options.world_size = 4;
  options.name = "trainer";
  ExpectSteps(OpenOrDie(options).get(), 0, 1);
  EXPECT_EQ(seen.plan().seed(), 42u);
  EXPECT_EQ(seen.rank(), 1u);
  EXPECT_EQ(seen.world_size(), 4u);
  EXPECT_EQ(seen.client(), "trainer");
  EXPECT_EQ(seen.expected_plan_digest(), 0u);
}

// The server exports it, so that people see who starves.
TEST(BatchStreamTest, TellsHowLongTheTrainerWaited) {
  Event waited;
  std::atomic<uint64_t> elapsed_microseconds{0};
  std::atomic<uint64_t> waited_microseconds{0};
  FakeServer server([&](FakeStream* stream) {
    stream->Open();
    waited.Wait();
    while (true) {
      const v1::AskSteps ask = stream->ReadAsk();
      if (ask.count() == 0) return grpc::Status::OK;
      elapsed_microseconds += ask.elapsed_microseconds();
      waited_microseconds += ask.waited_microseconds();
      for (uint32_t i = 0; i < ask.count(); ++i) {
        stream->SendStep(ask.first_step() + i);
      }
    }
  });
  const auto stream = OpenOrDie(OptionsFor({server.endpoint()}));
  EXPECT_EQ(
      stream->NextBefore(absl::Now() + absl::Milliseconds(50)).status().code(),
      absl::StatusCode::kDeadlineExceeded);
  waited.Notify();
  ExpectSteps(stream.get(), 0, 10);
  EXPECT_GE(waited_microseconds, 49'000u);
  EXPECT_GE(elapsed_microseconds, waited_microseconds.load());
  EXPECT_GE(stream->stats().wait, absl::Milliseconds(49));
}

TEST(BatchStreamTest, StepsAheadAreBoundedByTheirBytes) {
  std::atomic<uint64_t> asked{0};
  Event asked_enough;
  FakeServer server([&](FakeStream* stream) {
    v1::StreamOpened opened = MakeOpened();
    opened.set_batch_bytes(1000);
    stream->Open(opened);
    while (true) {
      const v1::AskSteps ask = stream->ReadAsk();
      if (ask.count() == 0) return grpc::Status::OK;
      asked += ask.count();
      if (asked >= 3) asked_enough.Notify();
    }
  });
  BatchStreamOptions options = OptionsFor({server.endpoint()});
  options.prefetch_steps = 100;
  options.prefetch_bytes = 3999;
  const auto stream = OpenOrDie(options);
  asked_enough.Wait();
  EXPECT_EQ(
      stream->NextBefore(absl::Now() + absl::Milliseconds(50)).status().code(),
      absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(asked, 3u);
}

TEST(BatchStreamTest, AsksForPrefetchStepsAheadAndNoMore) {
  std::atomic<uint64_t> asked{0};
  Event ten_asked;
  FakeServer server([&](FakeStream* stream) {
    stream->Open();
    while (true) {
      const v1::AskSteps ask = stream->ReadAsk();
      if (ask.count() == 0) return grpc::Status::OK;
      asked = ask.first_step() + ask.count();
      if (asked == 10) ten_asked.Notify();
      for (uint32_t i = 0; i < ask.count(); ++i) {
        stream->SendStep(ask.first_step() + i);
      }
    }
  });
  BatchStreamOptions options = OptionsFor({server.endpoint()});
  options.prefetch_steps = 6;
  const auto stream = OpenOrDie(options);
  ExpectSteps(stream.get(), 0, 1);
  EXPECT_LE(asked, 7u);
  ExpectSteps(stream.get(), 1, 4);
  EXPECT_TRUE(ten_asked.WaitFor(absl::Seconds(30)));
  EXPECT_EQ(asked, 10u);
}

TEST(BatchStreamTest, RespectsTheServersLimitOfOutstandingSteps) {
  std::atomic<bool> exceeded{false};
  FakeServer server([&exceeded](FakeStream* stream) {
    v1::StreamOpened opened = MakeOpened();
    opened.set_max_outstanding_steps(2);
    stream->Open(opened);
    while (true) {
      const v1::AskSteps ask = stream->ReadAsk();
      if (ask.count() == 0) return grpc::Status::OK;
      if (ask.count() > 2) exceeded = true;
      for (uint32_t i = 0; i < ask.count(); ++i) {
        stream->SendStep(ask.first_step() + i);
      }
    }
  });
  BatchStreamOptions options = OptionsFor({server.endpoint()});
  options.prefetch_steps = 16;
  ExpectSteps(OpenOrDie(options).get(), 0, 40);
  EXPECT_FALSE(exceeded);
}

TEST(BatchStreamTest, ReconnectsAndAsksOnlyForWhatIsMissing) {
  std::vector<v1::AskSteps> asks;
  v1::OpenStream reopened;
  FakeServer server([&](FakeStream* stream) {
    if (stream->number() == 0) {
      stream->Open();
      stream->ReadAsk();  // [0, 4)
      for (const uint64_t step : {0, 1, 3}) stream->SendStep(step);
      return Unavailable();
    }
    reopened = stream->Open();
    while (asks.size() < 2) {
      asks.push_back(stream->ReadAsk());
      for (uint32_t i = 0; i < asks.back().count(); ++i) {
        stream->SendStep(asks.back().first_step() + i);
      }
    }
    stream->Serve();
    return grpc::Status::OK;
  });
  Event lost;
  BatchStreamOptions options = OptionsFor({server.endpoint()});
  options.prefetch_steps = 4;
  options.on_reconnect = [&lost](const absl::Status& why) {
    EXPECT_EQ(why, absl::UnavailableError("going down"));
    lost.Notify();
  };
  {
    const auto stream = OpenOrDie(options);
    lost.Wait();
    ExpectSteps(stream.get(), 0, 20);
    EXPECT_EQ(stream->stats().reconnects, 1u);
  }
  EXPECT_EQ(reopened.plan().dataset(), "digits@pinned");
  EXPECT_EQ(reopened.expected_plan_digest(), kPlanDigest);
  ASSERT_EQ(asks.size(), 2u);
  EXPECT_EQ(asks[0].first_step(), 2u);
  EXPECT_EQ(asks[0].count(), 1u);
}

TEST(BatchStreamTest, ReturnsEveryStepOnceHoweverOftenTheServerFails) {
  // One more step each time, so that each place in the window is hit.
  FakeServer server([](FakeStream* stream) {
    stream->Open();
    stream->Serve(1 + stream->number() % 7);
    return stream->number() % 2 == 0 ? Unavailable() : grpc::Status::OK;
  });
  BatchStreamOptions options = OptionsFor({server.endpoint()});
  options.end_step = 100;
  const auto stream = OpenOrDie(options);
  ExpectSteps(stream.get(), 0, 100);
  EXPECT_EQ(stream->Next().status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(stream->stats().steps, 100u);
  EXPECT_GE(stream->stats().reconnects, 20u);
}

TEST(BatchStreamTest, FollowsAServerThatIsReplaced) {
  auto server = std::make_unique<FakeServer>(Serve);
  const int port = server->port();
  const auto stream = OpenOrDie(OptionsFor({server->endpoint()}));
  for (uint64_t round = 0; round < 5; ++round) {
    ExpectSteps(stream.get(), round * 20, round * 20 + 20);
    server.reset();
    server = std::make_unique<FakeServer>(Serve, port);
  }
  EXPECT_GE(stream->stats().reconnects, 4u);
}

TEST(BatchStreamTest, OpenWaitsForAServerThatStartsLate) {
  int port = 0;
  { port = FakeServer(Serve).port(); }
  Event refused;
  BatchStreamOptions options =
      OptionsFor({"127.0.0.1:" + std::to_string(port)});
  options.on_reconnect = [&refused](const absl::Status&) { refused.Notify(); };
  std::unique_ptr<FakeServer> server;
  std::thread starter([&] {
    refused.Wait();
    server = std::make_unique<FakeServer>(Serve, port);
  });
  const auto stream = OpenOrDie(options);
  starter.join();
  ExpectSteps(stream.get(), 0, 10);
}

TEST(BatchStreamTest, OpenGivesUpNamingServerTimeAndReason) {
  int port = 0;
  { port = FakeServer(Serve).port(); }
  const std::string endpoint = "127.0.0.1:" + std::to_string(port);
  BatchStreamOptions options = OptionsFor({endpoint});
  options.give_up_after = absl::Seconds(1);
  const absl::Status status = BatchStream::Open(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(HasSubstr(endpoint), HasSubstr("for 1s"), HasSubstr("refused"),
            HasSubstr("check that millraced runs there")));
}

TEST(BatchStreamTest, NextGivesUpOnASilentServer) {
  FakeServer server([](FakeStream* stream) {
    stream->Open();
    stream->Serve(1);
    stream->BeSilent();
    return grpc::Status::OK;
  });
  BatchStreamOptions options = OptionsFor({server.endpoint()});
  options.give_up_after = absl::Seconds(1);
  const auto stream = OpenOrDie(options);
  ExpectSteps(stream.get(), 0, 1);
  const absl::Status status = stream->Next().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("step 1 does not come"));
  EXPECT_EQ(stream->Next().status(), status);
}

TEST(BatchStreamTest, VerdictsOfTheServerAreFinal) {
  for (const auto code :
       {grpc::StatusCode::INVALID_ARGUMENT, grpc::StatusCode::NOT_FOUND,
        grpc::StatusCode::FAILED_PRECONDITION,
        grpc::StatusCode::PERMISSION_DENIED, grpc::StatusCode::DATA_LOSS,
        grpc::StatusCode::INTERNAL, grpc::StatusCode::UNIMPLEMENTED}) {
    FakeServer server([code](FakeStream*) {
      return grpc::Status(code, "plan.batch.size is 0");
    });
    const absl::Status status =
        BatchStream::Open(OptionsFor({server.endpoint()})).status();
    EXPECT_EQ(static_cast<int>(status.code()), static_cast<int>(code));
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("plan.batch.size is 0"));
    EXPECT_EQ(server.streams(), 1);
  }
}

TEST(BatchStreamTest, BatchesAtHandComeBeforeTheServersVerdict) {
  FakeServer server([](FakeStream* stream) {
    stream->Open();
    stream->Serve(3);
    return grpc::Status(grpc::StatusCode::DATA_LOSS, "sample 17 is damaged");
  });
  const auto stream = OpenOrDie(OptionsFor({server.endpoint()}));
  ExpectSteps(stream.get(), 0, 3);
  EXPECT_EQ(stream->Next().status(),
            absl::DataLossError("sample 17 is damaged"));
}

TEST(BatchStreamTest, BacksOffFromAFullServerUntilItHasRoom) {
  FakeServer server([](FakeStream* stream) {
    if (stream->number() < 5) {
      return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "full");
    }
    return Serve(stream);
  });
  ExpectSteps(OpenOrDie(OptionsFor({server.endpoint()})).get(), 0, 5);
  EXPECT_EQ(server.streams(), 6);
}

TEST(BatchStreamTest, AnotherPlanAfterAReconnectIsRefused) {
  FakeServer server([](FakeStream* stream) {
    v1::StreamOpened opened = MakeOpened();
    if (stream->number() > 0) opened.set_plan_digest(1);
    stream->Open(opened);
    stream->Serve(1);
    return Unavailable();
  });
  const auto stream = OpenOrDie(OptionsFor({server.endpoint()}));
  ExpectSteps(stream.get(), 0, 1);
  const absl::Status status = stream->Next().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("1234567890abcdef"));
}

TEST(BatchStreamTest, StepsThatWereNotAskedForAreAnInternalError) {
  FakeServer server([](FakeStream* stream) {
    stream->Open();
    stream->ReadAsk();
    stream->SendStep(1'000'000);
    stream->BeSilent();
    return grpc::Status::OK;
  });
  EXPECT_EQ(OpenOrDie(OptionsFor({server.endpoint()}))->Next().status(),
            absl::InternalError(
                "the server sent step 1000000, which was not asked for"));
}

TEST(BatchStreamTest, AStepThatComesTwiceIsAnInternalError) {
  FakeServer server([](FakeStream* stream) {
    stream->Open();
    stream->ReadAsk();
    stream->SendStep(1);
    stream->SendStep(1);
    stream->BeSilent();
    return grpc::Status::OK;
  });
  EXPECT_EQ(OpenOrDie(OptionsFor({server.endpoint()}))->Next().status(),
            absl::InternalError("the server sent step 1 again"));
}

TEST(BatchStreamTest, ABatchBeforeTheOpeningIsAnInternalError) {
  FakeServer server([](FakeStream* stream) {
    stream->SendStep(0);
    stream->BeSilent();
    return grpc::Status::OK;
  });
  EXPECT_EQ(BatchStream::Open(OptionsFor({server.endpoint()})).status().code(),
            absl::StatusCode::kInternal);
}

TEST(BatchStreamTest, ABatchOfAnotherFormIsAnInternalError) {
  FakeServer server([](FakeStream* stream) {
    stream->Open();
    stream->ReadAsk();
    v1::Batch batch = MakeBatch(0);
    batch.mutable_tensors()->RemoveLast();
    stream->Send(batch);
    stream->BeSilent();
    return grpc::Status::OK;
  });
  const absl::Status status =
      OpenOrDie(OptionsFor({server.endpoint()}))->Next().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("1 tensors"));
}

TEST(BatchStreamTest, MessagesAboveTheLimitEndTheStream) {
  FakeServer server(Serve);
  BatchStreamOptions options = OptionsFor({server.endpoint()});
  options.max_message_bytes = MakeOpened().batch_bytes();  // Without framing.
  const absl::Status status = OpenOrDie(options)->Next().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(server.streams(), 1);
}

TEST(BatchStreamTest, PlansWithBatchesAboveTheLimitAreRefusedAtOpening) {
  FakeServer server(Serve);
  BatchStreamOptions options = OptionsFor({server.endpoint()});
  options.max_message_bytes = MakeOpened().batch_bytes() - 1;
  const absl::Status status = BatchStream::Open(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("max_message_bytes"));
}

TEST(BatchStreamTest, CancelEndsAWaitingNext) {
  FakeServer server([](FakeStream* stream) {
    stream->Open();
    stream->ReadAsk();
    stream->BeSilent();
    return grpc::Status::OK;
  });
  const auto stream = OpenOrDie(OptionsFor({server.endpoint()}));
  std::thread canceller([&stream] { stream->Cancel(); });
  EXPECT_EQ(stream->Next().status().code(), absl::StatusCode::kCancelled);
  canceller.join();
  EXPECT_EQ(stream->Next().status().code(), absl::StatusCode::kCancelled);
}

TEST(BatchStreamTest, CancelComesBeforeBatchesAtHand) {
  FakeServer server(Serve);
  const auto stream = OpenOrDie(OptionsFor({server.endpoint()}));
  ExpectSteps(stream.get(), 0, 3);
  stream->Cancel();
  EXPECT_EQ(stream->Next().status().code(), absl::StatusCode::kCancelled);
}

TEST(BatchStreamTest, ManyStreamsComeAndGoWithoutHanging) {
  FakeServer server(Serve);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&server, i] {
      for (int round = 0; round < 20; ++round) {
        const auto stream = OpenOrDie(OptionsFor({server.endpoint()}));
        ExpectSteps(stream.get(), 0, (round + i) % 5);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(BatchStreamTest, BatchesMayOutliveTheStream) {
  FakeServer server(Serve);
  absl::StatusOr<ReceivedBatch> batch =
      OpenOrDie(OptionsFor({server.endpoint()}))->Next();
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_TRUE(IsBatch(*batch, 0));
}

TEST(BatchStreamTest, OnlyWhatMayPassIsTriedAgain) {
  EXPECT_TRUE(IsRetryable(absl::UnavailableError("Socket closed")));
  EXPECT_TRUE(IsRetryable(absl::DeadlineExceededError("")));
  EXPECT_TRUE(IsRetryable(absl::CancelledError("by the server")));
  EXPECT_TRUE(IsRetryable(absl::ResourceExhaustedError("too many streams")));
  EXPECT_TRUE(IsRetryable(
      absl::InternalError("Received RST_STREAM with error code 2")));
  EXPECT_TRUE(IsRetryable(absl::UnknownError("Stream removed")));
  EXPECT_FALSE(IsRetryable(absl::InternalError("bug")));
  EXPECT_FALSE(IsRetryable(absl::UnknownError("")));
  EXPECT_FALSE(IsRetryable(absl::DataLossError("")));
  EXPECT_FALSE(IsRetryable(absl::NotFoundError("")));
}

TEST(DatasetQueryTest, PassesTheServersStatusOn) {
  FakeServer server(Serve);
  EXPECT_EQ(GetDataset(server.endpoint(), "digits", absl::Seconds(30))
                .status()
                .code(),
            absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace millrace::client
