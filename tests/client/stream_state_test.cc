// Where a stream stands: saving it, going on from it, refusing to.
#include "client/stream_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "client/batch_stream.h"
#include "tests/client/fake_server.h"

namespace millrace::client {
namespace {

using ::testing::HasSubstr;

v1::StreamOpened Opened() {
  v1::StreamOpened opened = MakeOpened();
  opened.mutable_plan()->set_dataset("digits@abc123");
  opened.mutable_plan()->mutable_batch()->set_size(4);
  return opened;
}

grpc::Status Serve(FakeStream* stream) {
  stream->Open(Opened());
  stream->Serve();
  return grpc::Status::OK;
}

BatchStreamOptions OptionsFor(const FakeServer& server) {
  BatchStreamOptions options;
  options.endpoints = {server.endpoint()};
  options.plan.set_dataset("digits");
  options.min_backoff = absl::Milliseconds(1);
  return options;
}

TEST(StreamStateTest, GoesOnAfterTheLastStepThatWasHandedOut) {
  FakeServer server(Serve);
  BatchStreamOptions options = OptionsFor(server);
  std::string saved;
  {
    const auto stream = BatchStream::Open(options);
    ASSERT_TRUE(stream.ok()) << stream.status();
    EXPECT_EQ((*stream)->State().next_step(), 0u);
    for (uint64_t step = 0; step < 5; ++step)
      ASSERT_TRUE((*stream)->Next().ok());
    saved = (*stream)->State().SerializeAsString();
  }
  EXPECT_LT(saved.size(), 200u);
  v1::StreamState state;
  ASSERT_TRUE(state.ParseFromString(saved));
  options.restore = state;
  const auto stream = BatchStream::Open(options);
  ASSERT_TRUE(stream.ok()) << stream.status();
  EXPECT_EQ((*stream)->State().next_step(), 5u);
  const auto batch = (*stream)->Next();
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_TRUE(IsBatch(*batch, 5));
}

TEST(StreamStateTest, AsksForTheVersionsThatItWasSavedFrom) {
  v1::OpenStream seen;
  FakeServer server([&](FakeStream* stream) {
    seen = stream->Open(Opened());
    stream->Serve();
    return grpc::Status::OK;
  });
  BatchStreamOptions options = OptionsFor(server);
  options.restore = MakeState(Opened(), 3);
  ASSERT_TRUE(BatchStream::Open(options).ok());
  EXPECT_EQ(seen.plan().dataset(), "digits@abc123");
}

TEST(StreamStateTest, AnotherPlanIsRefusedWithWhatDiffers) {
  FakeServer server([](FakeStream* stream) {
    v1::StreamOpened opened = Opened();
    opened.mutable_plan()->mutable_batch()->set_size(8);
    opened.set_plan_digest(77);
    stream->Open(opened);
    stream->Serve();
    return grpc::Status::OK;
  });
  BatchStreamOptions options = OptionsFor(server);
  options.restore = MakeState(Opened(), 3);
  const absl::Status status = BatchStream::Open(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("batch.size: 4 -> 8"));
}

TEST(StreamStateTest, AnotherDatasetOrVersionIsRefusedBeforeAnyCall) {
  for (const char* dataset :
       {"shapes", "digits2", "digit", "digits@def", "digits@abc1234"}) {
    BatchStreamOptions options;
    options.endpoints = {"localhost:1"};
    options.plan.set_dataset(dataset);
    options.restore = MakeState(Opened(), 3);
    const absl::Status status = BatchStream::Open(options).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << dataset;
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("digits@abc123"), HasSubstr(dataset)));
  }
  v1::Plan plan;
  plan.set_dataset("digits@abc");
  EXPECT_EQ(PinToState(plan, MakeState(Opened(), 3))->dataset(),
            "digits@abc123");
}

TEST(StreamStateTest, MixturesArePinnedPartByPart) {
  v1::StreamOpened opened = Opened();
  opened.mutable_plan()->mutable_mixture()->add_parts()->set_dataset("more@1");
  const v1::StreamState state = MakeState(opened, 9);
  v1::Plan plan;
  plan.set_dataset("digits");
  EXPECT_EQ(PinToState(plan, state).status().code(),
            absl::StatusCode::kFailedPrecondition);
  plan.mutable_mixture()->add_parts()->set_dataset("more");
  const auto pinned = PinToState(plan, state);
  ASSERT_TRUE(pinned.ok()) << pinned.status();
  EXPECT_EQ(pinned->mixture().parts(0).dataset(), "more@1");
}

TEST(StreamStateTest, ANewerFormatIsRefused) {
  v1::StreamState state = MakeState(Opened(), 3);
  state.set_version(2);
  v1::Plan plan;
  plan.set_dataset("digits");
  const absl::Status status = PinToState(plan, state).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("version 2"));
}

TEST(StreamStateTest, AHugePlanIsNotKept) {
  v1::StreamOpened opened = Opened();
  for (int i = 0; i < 5000; ++i) {
    opened.mutable_plan()->mutable_selection()->add_keys("key of a sample");
  }
  const v1::StreamState state = MakeState(opened, 3);
  EXPECT_LT(state.ByteSizeLong(), 200u);
  v1::StreamOpened other = opened;
  other.set_plan_digest(1);
  EXPECT_EQ(CheckState(state, other).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(CheckState(state, opened).ok());
}

}  // namespace
}  // namespace millrace::client
