// StreamBatches from end to end: a real server, generated stubs.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>

#include <atomic>
#include <cstring>
#include <map>
#include <set>
#include <thread>

#include "tests/server/test_server.h"
#include "tests/support/event.h"

namespace millrace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class StreamBatchesTest : public ServerTest {
 protected:
  grpc::Status OpeningFails(const v1::Plan& plan, uint32_t rank = 0,
                            uint32_t world_size = 1, uint64_t digest = 0) {
    TestStream stream(stub_.get());
    EXPECT_FALSE(stream.Open(plan, rank, world_size, digest));
    return stream.Finish();
  }
};

TEST_F(StreamBatchesTest, AStreamOfGeneratedStubsReadsTheRightTensors) {
  data_.Publish("mnist/train", 100, 8, /*salt=*/5);
  ServeMetrics();
  StartServer();
  TestStream stream(stub_.get());
  ASSERT_TRUE(stream.Open(PlanOf("mnist/train", 16)));
  EXPECT_EQ(stream.opened().steps_per_epoch(), 6u);
  ASSERT_TRUE(stream.Ask(0, 12));
  ASSERT_TRUE(stream.WritesDone());
  std::set<uint64_t> steps;
  v1::Batch batch;
  while (stream.Read(&batch)) {
    steps.insert(batch.step());
    EXPECT_EQ(batch.epoch(), batch.step() / 6);
    EXPECT_EQ(batch.step_in_epoch(), batch.step() % 6);
    ASSERT_EQ(batch.tensors_size(), stream.opened().tensors_size());
    const v1::Tensor* image = FindTensor(batch, "image");
    const v1::Tensor* label = FindTensor(batch, "label");
    ASSERT_NE(image, nullptr);
    ASSERT_NE(label, nullptr);
    EXPECT_THAT(image->shape(), testing::ElementsAre(16, 8, 8, 1));
    ASSERT_EQ(image->data().size(), 16u * 64);
    for (int i = 0; i < 16; ++i) {
      const uint64_t ordinal = batch.step_in_epoch() * 16 + i;
      EXPECT_EQ(image->data().substr(i * 64, 64),
                std::string(64, static_cast<char>(ordinal + 5)));
      int64_t value = 0;
      std::memcpy(&value, label->data().data() + i * 8, 8);
      EXPECT_EQ(value, static_cast<int64_t>(ordinal % 10));
    }
  }
  EXPECT_EQ(steps.size(), 12u);
  const grpc::Status status = stream.Finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(Metric("millrace_steps_sent_total"), 12);
  EXPECT_EQ(Metric("millrace_samples_sent_total"), 12 * 16);
}

TEST_F(StreamBatchesTest, RanksTogetherReceiveTheGlobalBatch) {
  data_.Publish("mnist/train", 64, 4);
  StartServer();
  std::string together;
  for (uint32_t rank = 0; rank < 4; ++rank) {
    TestStream stream(stub_.get());
    ASSERT_TRUE(stream.Open(PlanOf("mnist/train", 16), rank, 4));
    ASSERT_TRUE(stream.Ask(2, 1));
    v1::Batch batch;
    ASSERT_TRUE(stream.Read(&batch));
    together += FindTensor(batch, "image")->data();
  }
  TestStream stream(stub_.get());
  ASSERT_TRUE(stream.Open(PlanOf("mnist/train", 16)));
  ASSERT_TRUE(stream.Ask(2, 1));
  v1::Batch whole;
  ASSERT_TRUE(stream.Read(&whole));
  EXPECT_EQ(FindTensor(whole, "image")->data(), together);
}

TEST_F(StreamBatchesTest, ErrorsAtOpeningHaveTheirCodes) {
  data_.Publish("mnist/train", 100, 8);
  ServeMetrics();
  StartServer();
  EXPECT_EQ(OpeningFails(PlanOf("nothing", 16)).error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(OpeningFails(PlanOf("mnist/train", 0)).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(OpeningFails(PlanOf("mnist/train", 16), 0, 3).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(OpeningFails(PlanOf("mnist/train", 16), 4, 4).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  const grpc::Status digest = OpeningFails(PlanOf("mnist/train", 16), 0, 1, 77);
  EXPECT_EQ(digest.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(digest.error_message(), HasSubstr("000000000000004d"));
  WaitUntilNoStreams();
  EXPECT_EQ(server_->stats().reserved_batch_bytes, 0u);
  EXPECT_EQ(Metric("millrace_streams_ended_total{code=\"INVALID_ARGUMENT\"}"),
            3);
}

TEST_F(StreamBatchesTest, ThePlanThatOpenedReturnsOpensTheSameStream) {
  data_.Publish("mnist/train", 100, 8);
  StartServer();
  TestStream first(stub_.get());
  ASSERT_TRUE(first.Open(PlanOf("mnist/train", 16)));
  data_.Publish("mnist/train", 120, 8, /*salt=*/1);  // Now the newest.
  TestStream again(stub_.get());
  ASSERT_TRUE(
      again.Open(first.opened().plan(), 0, 1, first.opened().plan_digest()));
  EXPECT_EQ(again.opened().positions_per_epoch(), 100u);
  EXPECT_EQ(OpeningFails(PlanOf("mnist/train", 16), 0, 1,
                         first.opened().plan_digest())
                .error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(StreamBatchesTest, AMixtureIsPinnedAndComesFromAllItsDatasets) {
  data_.Publish("mnist/train", 100, 8);
  data_.Publish("mnist/extra", 30, 8, /*salt=*/100);
  StartServer();
  v1::Plan plan = PlanOf("mnist/train", 4);
  plan.mutable_mixture()->set_weight(3);
  plan.mutable_mixture()->add_parts()->set_dataset("mnist/extra");
  TestStream first(stub_.get());
  ASSERT_TRUE(first.Open(plan));
  EXPECT_EQ(first.opened().positions_per_epoch(), 128u);
  data_.Publish("mnist/extra", 40, 8, /*salt=*/1);  // Now the newest.
  TestStream again(stub_.get());
  ASSERT_TRUE(
      again.Open(first.opened().plan(), 0, 1, first.opened().plan_digest()));
  ASSERT_TRUE(again.Ask(2, 1));
  v1::Batch batch;
  ASSERT_TRUE(again.Read(&batch));
  ASSERT_EQ(batch.tensors_size(), 5);
  EXPECT_EQ(batch.tensors(4).name(), "dataset_index");
  // Three in a row of one, then one of the other: 6, 7, 8 and 2.
  const std::string& pixels = batch.tensors(0).data();
  ASSERT_EQ(pixels.size(), 4 * 64u);
  EXPECT_EQ(pixels[0], 6);
  EXPECT_EQ(pixels[64], 7);
  EXPECT_EQ(pixels[128], 8);
  EXPECT_EQ(pixels[192], 102);
}

TEST_F(StreamBatchesTest, TheFirstMessageMustBeOpen) {
  StartServer();
  TestStream stream(stub_.get());
  stream.Ask(0, 1);
  const grpc::Status status = stream.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("`open`"));
}

TEST_F(StreamBatchesTest, AStreamWithoutAMessageIsInvalid) {
  StartServer();
  TestStream stream(stub_.get());
  stream.WritesDone();
  EXPECT_EQ(stream.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(StreamBatchesTest, GarbageIsInvalidArgument) {
  StartServer();
  grpc::GenericStub stub(NewChannel());
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  auto call =
      stub.PrepareCall(&context, "/millrace.v1.Millrace/StreamBatches", &queue);
  void* tag = nullptr;
  bool ok = false;
  call->StartCall(nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  const grpc::Slice garbage(std::string("\xff\xff\xff not a protobuf"));
  call->Write(grpc::ByteBuffer(&garbage, 1), nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  grpc::Status status;
  call->Finish(&status, nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(StreamBatchesTest, AMessageOverTheLimitIsRefused) {
  data_.Publish("mnist/train", 100, 8);
  config_.mutable_limits()->set_max_message_bytes(1024);
  StartServer();
  v1::Plan plan = PlanOf("mnist/train", 16);
  for (int i = 0; i < 1000; ++i) {
    plan.mutable_selection()->add_keys("a key that makes the plan long");
  }
  EXPECT_EQ(OpeningFails(plan).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(StreamBatchesTest, OneStreamTooManyIsResourceExhausted) {
  data_.Publish("mnist/train", 100, 8);
  config_.mutable_limits()->set_max_streams(1);
  StartServer();
  TestStream first(stub_.get());
  ASSERT_TRUE(first.Open(PlanOf("mnist/train", 16)));
  const grpc::Status status = OpeningFails(PlanOf("mnist/train", 16));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("limits.max_streams"));
  first.WritesDone();
  EXPECT_TRUE(first.Finish().ok());
  WaitUntilNoStreams();
  TestStream second(stub_.get());
  EXPECT_TRUE(second.Open(PlanOf("mnist/train", 16)));
}

TEST_F(StreamBatchesTest, ABudgetThatIsSpentIsResourceExhausted) {
  data_.Publish("mnist/train", 100, 100);
  config_.mutable_limits()->set_batch_memory_bytes(2 << 20);
  StartServer();
  std::vector<std::unique_ptr<TestStream>> streams;
  while (true) {
    auto stream = std::make_unique<TestStream>(stub_.get());
    if (!stream->Open(PlanOf("mnist/train", 16))) {  // 4 * 160 kB
      const grpc::Status status = stream->Finish();
      EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
      EXPECT_THAT(status.error_message(), HasSubstr("3 open streams hold"));
      break;
    }
    streams.push_back(std::move(stream));
    ASSERT_LT(streams.size(), 10u);
  }
  EXPECT_LE(server_->stats().reserved_batch_bytes, uint64_t{2} << 20);
}

TEST_F(StreamBatchesTest, MasksReserveWhatTheyMayTake) {
  data_.Publish("toy/train", 100, 16);
  constexpr uint64_t kRagged = 1 << 20;
  config_.mutable_limits()->set_max_batches_ahead(4);
  config_.mutable_limits()->set_batch_memory_bytes(6 * kRagged);
  config_.mutable_plan_limits()->set_max_ragged_bytes(kRagged);
  StartServer();
  v1::Plan plan = PlanOf("toy/train", 16);
  plan.mutable_batch()->set_boxes(true);
  plan.mutable_batch()->set_masks(true);
  const auto reserved = [this] {
    return server_->stats().reserved_batch_bytes;
  };
  TestStream first(stub_.get());
  ASSERT_TRUE(first.Open(plan));
  const uint64_t batch_bytes = first.opened().batch_bytes() + kRagged;
  EXPECT_EQ(reserved(), 4 * batch_bytes);
  TestStream second(stub_.get());
  ASSERT_TRUE(second.Open(plan));
  EXPECT_EQ(reserved(), 5 * batch_bytes) << "fewer batches ahead";
  const grpc::Status status = OpeningFails(plan);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("max_ragged_bytes"));
  ASSERT_TRUE(second.Ask(0, 6));
  v1::Batch batch;
  for (int step = 0; step < 6; ++step) ASSERT_TRUE(second.Read(&batch));
  EXPECT_EQ(reserved(), 5 * batch_bytes);
}

TEST_F(StreamBatchesTest, ABrokenSampleIsDataLossThatNamesIt) {
  data_.Publish("mnist/train", 100, 8, 0, /*broken=*/40);
  StartServer();
  TestStream stream(stub_.get());
  ASSERT_TRUE(stream.Open(PlanOf("mnist/train", 16)));
  ASSERT_TRUE(stream.Ask(0, 6));
  v1::Batch batch;
  while (stream.Read(&batch)) EXPECT_NE(batch.step(), 2u);
  const grpc::Status status = stream.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_THAT(status.error_message(), HasSubstr("40"));
}

TEST_F(StreamBatchesTest, AClientThatNeverReadsHoldsABoundedAmount) {
  data_.Publish("big/train", 64, 256);
  config_.mutable_limits()->set_max_batches_ahead(3);
  ServeMetrics();
  StartServer();
  TestStream stream(stub_.get());
  ASSERT_TRUE(stream.Open(PlanOf("big/train", 32)));  // 2 MiB a batch
  ASSERT_TRUE(stream.Ask(0, 200));
  // gRPC and the kernel take some batches; then all stands still.
  const auto built = [this] {
    return Metric("millrace_batch_build_seconds_count");
  };
  const auto sent = [this] { return Metric("millrace_steps_sent_total"); };
  WaitUntil([&] { return built() >= 3 && built() == sent() + 3; },
            "all that may be built is built");
  EXPECT_EQ(server_->stats().queued_tasks, 0u);
  EXPECT_LT(sent(), 100) << "gRPC itself must not take without limit";
  EXPECT_EQ(server_->stats().reserved_batch_bytes,
            3 * stream.opened().batch_bytes());
  EXPECT_EQ(Metric("millrace_batch_memory_held_bytes"),
            3 * stream.opened().batch_bytes());
  stream.Cancel();
  WaitUntilNoStreams();
  EXPECT_EQ(Metric("millrace_batch_memory_held_bytes"), 0);
  EXPECT_EQ(server_->stats().reserved_batch_bytes, 0u);
}

TEST_F(StreamBatchesTest, AClientThatStallsIsCancelled) {
  data_.Publish("big/train", 64, 256);
  config_.mutable_connection()->set_stall_timeout_seconds(0.2);
  ServeMetrics();
  StartServer();
  TestStream stream(stub_.get());
  ASSERT_TRUE(stream.Open(PlanOf("big/train", 32)));
  ASSERT_TRUE(stream.Ask(0, 200));
  WaitUntilNoStreams();
  EXPECT_EQ(server_->stats().reserved_batch_bytes, 0u);
  EXPECT_EQ(Metric("millrace_streams_ended_total{code=\"DEADLINE_EXCEEDED\"}"),
            1);
}

TEST_F(StreamBatchesTest, ClientsThatVanishLeaveNothingBehind) {
  data_.Publish("mnist/train", 100, 64);
  StartServer();
  for (int i = 0; i < 20; ++i) {
    const auto stub = v1::Millrace::NewStub(NewChannel());
    TestStream stream(stub.get());
    ASSERT_TRUE(stream.Open(PlanOf("mnist/train", 16)));
    ASSERT_TRUE(stream.Ask(0, 100));
    v1::Batch batch;
    for (int read = 0; read < i % 4; ++read) ASSERT_TRUE(stream.Read(&batch));
  }  // The stream is cancelled and its connection closed.
  WaitUntilNoStreams();
  EXPECT_EQ(server_->stats().reserved_batch_bytes, 0u);
  EXPECT_EQ(server_->stats().queued_tasks, 0u);
}

TEST_F(StreamBatchesTest, AGreedyTrainerDoesNotStarveAModestOne) {
  data_.Publish("big/train", 64, 256);
  config_.set_worker_threads(1);
  StartServer();
  // Much work and few bytes, so that it is the worker that they compete for.
  v1::Plan plan = PlanOf("big/train", 64);
  plan.add_transforms()->mutable_resize()->add_size(8);
  std::atomic<bool> done{false};
  std::atomic<int> greedy_steps{0};
  Event greedy_runs;
  std::vector<std::thread> greedy;
  for (int i = 0; i < 3; ++i) {
    greedy.emplace_back([&] {
      const auto stub = v1::Millrace::NewStub(NewChannel());
      TestStream stream(stub.get());
      ASSERT_TRUE(stream.Open(plan));
      ASSERT_TRUE(stream.Ask(0, 250));
      v1::Batch batch;
      for (uint64_t next = 250; !done; ++next) {
        ASSERT_TRUE(stream.Read(&batch));
        ASSERT_TRUE(stream.Ask(next, 1));
        if (++greedy_steps == 10) greedy_runs.Notify();
      }
    });
  }
  greedy_runs.Wait();
  const int before = greedy_steps;
  TestStream modest(stub_.get());
  ASSERT_TRUE(modest.Open(plan));
  constexpr int kSteps = 30;
  ASSERT_TRUE(modest.Ask(0, kSteps));
  v1::Batch batch;
  for (int step = 0; step < kSteps; ++step) ASSERT_TRUE(modest.Read(&batch));
  const int meanwhile = greedy_steps - before;
  done = true;
  for (std::thread& thread : greedy) thread.join();
  // A fair share is one step of each of the three. First come, first served
  // would be twelve: each greedy one has four batches in the making.
  EXPECT_LT(meanwhile, 6 * kSteps);
}

TEST_F(StreamBatchesTest, ManyStreamsAtOnceEachGetTheirOwnSteps) {
  data_.Publish("mnist/train", 512, 8);
  StartServer();
  std::vector<std::thread> trainers;
  for (int t = 0; t < 8; ++t) {
    trainers.emplace_back([this, t] {
      const auto stub = v1::Millrace::NewStub(NewChannel());
      TestStream stream(stub.get());
      ASSERT_TRUE(stream.Open(PlanOf("mnist/train", 32), t % 4, 4));
      ASSERT_TRUE(stream.Ask(t * 1000, 100));
      ASSERT_TRUE(stream.WritesDone());
      std::set<uint64_t> steps;
      v1::Batch batch;
      while (stream.Read(&batch)) steps.insert(batch.step());
      EXPECT_TRUE(stream.Finish().ok());
      EXPECT_EQ(steps.size(), 100u);
      EXPECT_EQ(*steps.begin(), t * 1000u);
      EXPECT_EQ(*steps.rbegin(), t * 1000u + 99);
    });
  }
  for (std::thread& trainer : trainers) trainer.join();
}

// Reads `count` steps and returns their images one after the other.
std::string ImagesOf(TestStream* stream, uint32_t count) {
  std::map<uint64_t, std::string> images;
  EXPECT_TRUE(stream->Ask(0, count));
  v1::Batch batch;
  for (uint32_t i = 0; i < count; ++i) {
    EXPECT_TRUE(stream->Read(&batch));
    images[batch.step()] = FindTensor(batch, "image")->data();
  }
  EXPECT_EQ(images.size(), count);
  std::string together;
  for (const auto& [step, image] : images) together += image;
  return together;
}

TEST_F(StreamBatchesTest, TrainersOfOnePlanShareEachBatch) {
  data_.Publish("mnist/train", 200, 8);
  ServeMetrics();
  StartServer();
  constexpr uint32_t kSteps = 60;
  v1::Plan plan = PlanOf("mnist/train", 16);
  plan.mutable_sampler()->set_order(v1::Sampler::SHUFFLE);
  std::vector<std::unique_ptr<TestStream>> trainers;
  for (int i = 0; i < 4; ++i) {
    trainers.push_back(std::make_unique<TestStream>(stub_.get()));
    ASSERT_TRUE(trainers.back()->Open(plan));
  }
  // Three at once; the last one begins when all others are done.
  std::string images[4];
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back(
        [&, i] { images[i] = ImagesOf(trainers[i].get(), kSteps); });
  }
  for (std::thread& thread : threads) thread.join();
  images[3] = ImagesOf(trainers[3].get(), kSteps);
  for (int i = 1; i < 4; ++i) EXPECT_EQ(images[i], images[0]);
  EXPECT_EQ(Metric("millrace_batch_cache_misses_total"), kSteps);
  EXPECT_EQ(Metric("millrace_batch_cache_hits_total"), 3 * kSteps);
  EXPECT_EQ(Metric("millrace_batch_cache_bytes"), 0) << "all have taken all";
}

TEST_F(StreamBatchesTest, ATrainerFarBehindGetsWhatTheCacheHasLost) {
  data_.Publish("mnist/train", 200, 8);
  config_.mutable_limits()->set_batch_cache_bytes(2000);  // One batch.
  StartServer();
  TestStream fast(stub_.get());
  TestStream slow(stub_.get());
  ASSERT_TRUE(fast.Open(PlanOf("mnist/train", 16)));
  ASSERT_TRUE(slow.Open(PlanOf("mnist/train", 16)));
  const std::string images = ImagesOf(&fast, 30);
  EXPECT_EQ(ImagesOf(&slow, 30), images);
}

TEST_F(StreamBatchesTest, ShutdownLetsStreamsHaveWhatTheyAskedFor) {
  data_.Publish("big/train", 64, 256);
  StartServer();
  TestStream stream(stub_.get());
  ASSERT_TRUE(stream.Open(PlanOf("big/train", 32)));
  ASSERT_TRUE(stream.Ask(0, 30));
  v1::Batch batch;
  ASSERT_TRUE(stream.Read(&batch));
  std::thread shutdown([&] { server_->Shutdown(absl::Seconds(60)); });
  int received = 1;
  while (stream.Read(&batch)) ++received;
  EXPECT_EQ(received, 30);
  EXPECT_EQ(stream.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  shutdown.join();
  server_->Wait();
}

TEST_F(StreamBatchesTest, WhileDrainingNewCallsAreTurnedAway) {
  data_.Publish("big/train", 64, 256);
  StartServer();
  TestStream stream(stub_.get());
  ASSERT_TRUE(stream.Open(PlanOf("big/train", 32)));
  ASSERT_TRUE(stream.Ask(0, 200));
  v1::Batch batch;
  ASSERT_TRUE(stream.Read(&batch));  // And no more: draining takes long.
  std::thread shutdown([&] { server_->Shutdown(absl::InfiniteDuration()); });
  grpc::StatusCode code = grpc::StatusCode::OK;
  WaitUntil(
      [&] {
        grpc::ClientContext call;
        v1::ListDatasetsResponse response;
        code = stub_->ListDatasets(&call, {}, &response).error_code();
        return code != grpc::StatusCode::OK;
      },
      "new calls are refused");
  EXPECT_EQ(code, grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(OpeningFails(PlanOf("big/train", 32)).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  server_->Shutdown(absl::ZeroDuration());  // Cuts the first one short.
  shutdown.join();
}

TEST_F(StreamBatchesTest, AForcedShutdownEndsStreamsAtOnce) {
  data_.Publish("big/train", 64, 256);
  StartServer();
  TestStream stream(stub_.get());
  ASSERT_TRUE(stream.Open(PlanOf("big/train", 32)));
  ASSERT_TRUE(stream.Ask(0, 200));
  v1::Batch batch;
  ASSERT_TRUE(stream.Read(&batch));
  const absl::Time begin = absl::Now();
  server_->Shutdown(absl::ZeroDuration());
  EXPECT_LT(absl::Now() - begin, absl::Seconds(30));
  while (stream.Read(&batch)) {
  }
  EXPECT_FALSE(stream.Finish().ok());
}

}  // namespace
}  // namespace millrace
