#include "server/batch_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <grpcpp/impl/codegen/proto_utils.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "server/grpc_status.h"
#include "tests/server/test_dataset.h"
#include "tests/support/event.h"

namespace millrace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Reading = BatchStream::Reading;

constexpr absl::Duration kPatience = absl::Seconds(60);

// A transport whose writes end when the test says so.
class FakeWire final : public BatchWire {
 public:
  void Write(grpc::ByteBuffer message) override {
    MutexLock lock(&mutex_);
    EXPECT_FALSE(writing_) << "two writes at a time";
    writing_ = true;
    message_ = std::move(message);
    ++writes_;
    changed_.NotifyAll();
  }
  void Finish(const absl::Status& status) override {
    MutexLock lock(&mutex_);
    EXPECT_FALSE(writing_) << "a write is under way";
    EXPECT_FALSE(finish_.has_value()) << "finished twice";
    finish_ = status;
    changed_.NotifyAll();
  }
  void Cancel() override {
    MutexLock lock(&mutex_);
    cancelled_ = true;
  }

  // The message under way; the write goes on until EndWrite.
  v1::StreamBatchesResponse WaitForWrite() {
    WaitUntil([this] { return writing_; });
    MutexLock lock(&mutex_);
    grpc::ByteBuffer copy = message_;
    v1::StreamBatchesResponse response;
    EXPECT_TRUE(
        grpc::SerializationTraits<v1::StreamBatchesResponse>::Deserialize(
            &copy, &response)
            .ok());
    return response;
  }
  // True: a write is under way. False: no more will come.
  bool WaitForWriteOrFinish() {
    WaitUntil([this] { return writing_ || finish_.has_value(); });
    MutexLock lock(&mutex_);
    return writing_;
  }
  void EndWrite() {
    MutexLock lock(&mutex_);
    writing_ = false;
    message_.Clear();
  }
  absl::Status WaitForFinish() {
    WaitUntil([this] { return finish_.has_value(); });
    MutexLock lock(&mutex_);
    return finish_.value_or(absl::UnknownError("not finished"));
  }
  bool finished() {
    MutexLock lock(&mutex_);
    return finish_.has_value();
  }
  bool cancelled() {
    MutexLock lock(&mutex_);
    return cancelled_;
  }
  int writes() {
    MutexLock lock(&mutex_);
    return writes_;
  }

 private:
  void WaitUntil(const std::function<bool()>& condition) {
    const absl::Time deadline = absl::Now() + kPatience;
    MutexLock lock(&mutex_);
    while (!condition() && absl::Now() < deadline) {
      changed_.WaitUntil(&mutex_, deadline);
    }
    EXPECT_TRUE(condition()) << "waited in vain";
  }

  Mutex mutex_;
  CondVar changed_;
  bool writing_ = false;
  bool cancelled_ = false;
  int writes_ = 0;
  grpc::ByteBuffer message_;
  std::optional<absl::Status> finish_;
};

constexpr int kSide = 16;
constexpr uint32_t kBatch = 8;

class BatchStreamTest : public testing::Test {
 protected:
  BatchStreamTest() {
    data_.Publish("toy/train", 100, kSide);
    config_.set_data_dir(data_.path());
    config_.set_worker_threads(2);
    config_.set_log_level("error");
    config_.mutable_limits()->set_max_batches_ahead(3);
    config_.mutable_limits()->set_max_outstanding_steps(50);
    config_.mutable_limits()->set_batch_memory_bytes(1 << 20);
  }

  void MakeStream() {
    if (context_ == nullptr) {
      context_ = std::make_unique<ServerContext>(WithDefaults(config_));
    }
    stream_ = std::make_shared<BatchStream>(context_.get(), &wire_, "test");
  }

  static grpc::ByteBuffer OpenMessage(const v1::Plan& plan) {
    v1::StreamBatchesRequest request;
    *request.mutable_open()->mutable_plan() = plan;
    request.mutable_open()->set_client("test");
    return Serialized(request);
  }

  static grpc::ByteBuffer AskMessage(uint64_t first, uint32_t count) {
    v1::StreamBatchesRequest request;
    request.mutable_steps()->set_first_step(first);
    request.mutable_steps()->set_count(count);
    return Serialized(request);
  }

  // Opens and takes `opened`.
  void Open(const v1::Plan& plan) {
    MakeStream();
    EXPECT_EQ(stream_->OnMessage(OpenMessage(plan)), Reading::kPause);
    EXPECT_TRUE(wire_.WaitForWrite().has_opened());
    wire_.EndWrite();
    EXPECT_EQ(stream_->OnWritten(true), Reading::kGoOn);
  }

  uint64_t TakeBatch() {
    const v1::StreamBatchesResponse response = wire_.WaitForWrite();
    EXPECT_TRUE(response.has_batch());
    wire_.EndWrite();
    stream_->OnWritten(true);
    return response.batch().step();
  }

  uint64_t BatchesBuilt() {
    for (const auto& family : context_->metrics.registry().Collect()) {
      if (family.name == "millrace_batch_build_seconds") {
        return family.metric[0].histogram.sample_count;
      }
    }
    return 0;
  }

  // Until all that can be built without a reader is built.
  void WaitUntilIdle() {
    const absl::Time deadline = absl::Now() + kPatience;
    while (!context_->scheduler.idle()) {
      ASSERT_LT(absl::Now(), deadline);
      std::this_thread::yield();
    }
  }

  void ExpectAllReleased() {
    stream_->OnDone();
    EXPECT_EQ(context_->budget.reserved_bytes(), 0u);
    std::weak_ptr<BatchStream> watch = stream_;
    stream_.reset();
    WaitUntilIdle();
    EXPECT_TRUE(watch.expired()) << "something still holds the stream";
    EXPECT_EQ(context_->datasets.compiled_plans(), 0u);
  }

  TempDataDir data_;
  v1::ServerConfig config_;
  std::unique_ptr<ServerContext> context_;
  FakeWire wire_;
  std::shared_ptr<BatchStream> stream_;
};

TEST_F(BatchStreamTest, OpenedDescribesTheStream) {
  MakeStream();
  stream_->OnMessage(OpenMessage(PlanOf("toy/train", kBatch)));
  const v1::StreamOpened opened = wire_.WaitForWrite().opened();
  EXPECT_THAT(opened.plan().dataset(), HasSubstr("toy/train@"));
  EXPECT_NE(opened.plan_digest(), 0u);
  EXPECT_EQ(opened.steps_per_epoch(), 12u);
  EXPECT_EQ(opened.positions_per_epoch(), 100u);
  EXPECT_EQ(opened.max_outstanding_steps(), 50u);
  EXPECT_GE(opened.batch_bytes(), kBatch * kSide * kSide);
  EXPECT_EQ(context_->budget.reserved_bytes(), 3 * opened.batch_bytes());
}

TEST_F(BatchStreamTest, EveryStepAskedForComesOnce) {
  Open(PlanOf("toy/train", kBatch));
  EXPECT_EQ(stream_->OnMessage(AskMessage(5, 10)), Reading::kGoOn);
  stream_->OnMessage(AskMessage(100, 1));
  std::vector<uint64_t> steps;
  for (int i = 0; i < 11; ++i) steps.push_back(TakeBatch());
  EXPECT_THAT(steps, testing::UnorderedElementsAre(5, 6, 7, 8, 9, 10, 11, 12,
                                                   13, 14, 100));
  stream_->OnHalfClose();
  EXPECT_TRUE(wire_.WaitForFinish().ok());
  ExpectAllReleased();
}

TEST_F(BatchStreamTest, AClientThatStopsReadingHoldsTheBatchesAheadAndNoMore) {
  Open(PlanOf("toy/train", kBatch));
  stream_->OnMessage(AskMessage(0, 50));
  wire_.WaitForWrite();
  WaitUntilIdle();
  EXPECT_EQ(BatchesBuilt(), 3u);
  TakeBatch();
  WaitUntilIdle();
  EXPECT_EQ(BatchesBuilt(), 4u);
}

TEST_F(BatchStreamTest, HalfCloseDeliversWhatWasAskedFor) {
  Open(PlanOf("toy/train", kBatch));
  stream_->OnMessage(AskMessage(0, 7));
  stream_->OnHalfClose();
  for (int i = 0; i < 7; ++i) {
    EXPECT_FALSE(wire_.finished());
    TakeBatch();
  }
  EXPECT_TRUE(wire_.WaitForFinish().ok());
}

TEST_F(BatchStreamTest, AskingForMoreThanTheLimitNamesIt) {
  Open(PlanOf("toy/train", kBatch));
  stream_->OnMessage(AskMessage(0, 51));
  const absl::Status status = wire_.WaitForFinish();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("51"), HasSubstr("at most 50"),
                    HasSubstr("limits.max_outstanding_steps")));
  ExpectAllReleased();
}

TEST_F(BatchStreamTest, AStepTakenMakesRoomForAnotherToBeAskedFor) {
  Open(PlanOf("toy/train", kBatch));
  stream_->OnMessage(AskMessage(0, 50));
  wire_.WaitForWrite();
  // The client may have it before we know that it has.
  stream_->OnMessage(AskMessage(50, 1));
  for (int i = 0; i < 51; ++i) TakeBatch();
  EXPECT_FALSE(wire_.finished());
}

TEST_F(BatchStreamTest, WhatAClientSaysWrongIsInvalidArgument) {
  v1::StreamBatchesRequest empty;
  for (const auto& [message, says] :
       std::vector<std::pair<grpc::ByteBuffer, std::string>>{
           {OpenMessage(PlanOf("toy/train", kBatch)), "`open` comes once"},
           {Serialized(empty), "`open` or `steps`"},
           {AskMessage(0, 0), "at least 1"},
           {AskMessage(~uint64_t{0}, 2), "no step"}}) {
    SCOPED_TRACE(says);
    FakeWire wire;
    MakeStream();
    stream_ = std::make_shared<BatchStream>(context_.get(), &wire, "test");
    stream_->OnMessage(OpenMessage(PlanOf("toy/train", kBatch)));
    wire.WaitForWrite();
    wire.EndWrite();
    stream_->OnWritten(true);
    stream_->OnMessage(message);
    const absl::Status status = wire.WaitForFinish();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(says));
    ExpectAllReleased();
  }
}

TEST_F(BatchStreamTest, AnErrorComesAfterWhatWasReady) {
  data_.Publish("toy/broken", 100, kSide, 0, /*broken=*/50);
  Open(PlanOf("toy/broken", kBatch));
  stream_->OnMessage(AskMessage(0, 12));
  std::vector<uint64_t> steps;
  while (wire_.WaitForWriteOrFinish()) steps.push_back(TakeBatch());
  const absl::Status status = wire_.WaitForFinish();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("50"));
  for (const uint64_t step : steps) EXPECT_NE(step, 6u);
  ExpectAllReleased();
}

TEST_F(BatchStreamTest, ACancelledClientLeavesNothingBehind) {
  Open(PlanOf("toy/train", kBatch));
  stream_->OnMessage(AskMessage(0, 50));
  wire_.WaitForWrite();
  stream_->OnCancel();
  EXPECT_FALSE(wire_.finished()) << "the write is still under way";
  wire_.EndWrite();
  stream_->OnWritten(false);
  EXPECT_EQ(wire_.WaitForFinish().code(), absl::StatusCode::kCancelled);
  ExpectAllReleased();
}

TEST_F(BatchStreamTest, ACancelAtAnyMomentOfOpeningLeavesNothingBehind) {
  MakeStream();
  for (int i = 0; i < 50; ++i) {
    FakeWire wire;
    stream_ = std::make_shared<BatchStream>(context_.get(), &wire, "test");
    stream_->OnMessage(OpenMessage(PlanOf("toy/train", kBatch)));
    for (int spin = 0; spin < i * 20; ++spin) std::this_thread::yield();
    stream_->OnCancel();
    WaitUntilIdle();
    if (wire.writes() > 0 && !wire.finished()) {
      wire.EndWrite();
      stream_->OnWritten(false);
    }
    EXPECT_EQ(wire.WaitForFinish().code(), absl::StatusCode::kCancelled);
    ExpectAllReleased();
  }
}

TEST_F(BatchStreamTest, DrainingDeliversWhatWasAskedForThenSendsElsewhere) {
  Open(PlanOf("toy/train", kBatch));
  stream_->OnMessage(AskMessage(0, 5));
  stream_->Drain();
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(wire_.finished());
    if (i == 2) stream_->OnMessage(AskMessage(5, 5));
    TakeBatch();
  }
  EXPECT_EQ(wire_.WaitForFinish().code(), absl::StatusCode::kUnavailable);
}

TEST_F(BatchStreamTest, AWriteThatDoesNotEndIsCancelledAsStalled) {
  Open(PlanOf("toy/train", kBatch));
  stream_->CancelIfStalled(absl::InfiniteFuture());
  EXPECT_FALSE(wire_.cancelled()) << "it waits for the client, who may rest";
  stream_->OnMessage(AskMessage(0, 1));
  wire_.WaitForWrite();
  stream_->CancelIfStalled(absl::Now() - absl::Hours(1));
  EXPECT_FALSE(wire_.cancelled());
  stream_->CancelIfStalled(absl::Now());
  EXPECT_TRUE(wire_.cancelled());
  stream_->OnCancel();
  wire_.EndWrite();
  stream_->OnWritten(false);
  EXPECT_EQ(wire_.WaitForFinish().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(BatchStreamTest, AStreamThatCouldNeverFitTheBudgetIsTurnedAwayForGood) {
  config_.mutable_limits()->set_batch_memory_bytes(1 << 20);
  MakeStream();
  data_.Publish("toy/large", 8, 400);  // 8 * 400 * 400 * 3 > 1 MiB
  stream_->OnMessage(OpenMessage(PlanOf("toy/large", 8)));
  const absl::Status status = wire_.WaitForFinish();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              testing::HasSubstr("limits.batch_memory_bytes"));
  ExpectAllReleased();
}

TEST_F(BatchStreamTest, ASteadyStreamAllocatesNoBatchMemory) {
  Open(PlanOf("toy/train", kBatch));
  constexpr int kSteps = 300;
  for (int step = 0; step < kSteps; ++step) {
    stream_->OnMessage(AskMessage(step, 1));
    if (step >= 6) TakeBatch();
  }
  // Four tensors of the three batches ahead, and of one being parted with.
  EXPECT_LE(context_->pool.allocations(), 4u * 4);
  for (int step = 0; step < 6; ++step) TakeBatch();
}

TEST_F(BatchStreamTest, StreamsOfOnePlanShareItsCompiledForm) {
  Open(PlanOf("toy/train", kBatch));
  FakeWire other_wire;
  auto other =
      std::make_shared<BatchStream>(context_.get(), &other_wire, "other");
  other->OnMessage(OpenMessage(PlanOf("toy/train", kBatch)));
  other_wire.WaitForWrite();
  EXPECT_EQ(context_->datasets.compiled_plans(), 1u);
  EXPECT_EQ(context_->budget.reservations(), 2u);
}

}  // namespace
}  // namespace millrace
