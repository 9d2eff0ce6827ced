#include "client/step_window.h"

#include <gtest/gtest.h>

namespace millrace::client {
namespace {

ReceivedBatch BatchOf(uint64_t step) {
  ReceivedBatch batch;
  batch.step = step;
  return batch;
}

void ExpectAsk(std::optional<StepRange> ask, uint64_t first, uint32_t count) {
  ASSERT_TRUE(ask.has_value());
  EXPECT_EQ(ask->first, first);
  EXPECT_EQ(ask->count, count);
}

TEST(StepWindowTest, AsksForItsDepthAndOneMoreForEachStepHandedOut) {
  StepWindow window(5, 0, 3);
  ExpectAsk(window.TakeAsk(100), 5, 3);
  EXPECT_FALSE(window.TakeAsk(100).has_value());
  window.Receive(BatchOf(5));
  EXPECT_FALSE(window.TakeAsk(100).has_value());
  EXPECT_EQ(window.Pop().step, 5u);
  ExpectAsk(window.TakeAsk(100), 8, 1);
}

TEST(StepWindowTest, HandsOutInOrderWhateverCameFirst) {
  StepWindow window(0, 0, 3);
  ExpectAsk(window.TakeAsk(100), 0, 3);
  window.Receive(BatchOf(2));
  window.Receive(BatchOf(1));
  EXPECT_FALSE(window.ready());
  window.Receive(BatchOf(0));
  for (uint64_t step = 0; step < 3; ++step) {
    ASSERT_TRUE(window.ready());
    EXPECT_EQ(window.Pop().step, step);
  }
  EXPECT_FALSE(window.ready());
}

TEST(StepWindowTest, NoMoreThanTheServersLimitIsOutstanding) {
  StepWindow window(0, 0, 10);
  ExpectAsk(window.TakeAsk(2), 0, 2);
  EXPECT_FALSE(window.TakeAsk(2).has_value());
  window.Receive(BatchOf(1));
  ExpectAsk(window.TakeAsk(2), 2, 1);
  EXPECT_EQ(window.outstanding(), 2u);
}

TEST(StepWindowTest, AfterALossAsksOnlyForWhatIsMissing) {
  StepWindow window(0, 0, 5);
  window.TakeAsk(100);
  window.Receive(BatchOf(1));
  window.Receive(BatchOf(3));
  window.ForgetAsks();
  EXPECT_EQ(window.outstanding(), 0u);
  ExpectAsk(window.TakeAsk(100), 0, 1);
  ExpectAsk(window.TakeAsk(100), 2, 1);
  ExpectAsk(window.TakeAsk(100), 4, 1);
  EXPECT_FALSE(window.TakeAsk(100).has_value());
}

TEST(StepWindowTest, StepsNotAskedForAndDuplicatesAreInternalErrors) {
  StepWindow window(3, 0, 4);
  EXPECT_EQ(window.CheckAsked(3).code(), absl::StatusCode::kInternal);
  window.TakeAsk(2);
  EXPECT_TRUE(window.CheckAsked(4).ok());
  EXPECT_EQ(window.CheckAsked(5).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(window.CheckAsked(99).code(), absl::StatusCode::kInternal);
  EXPECT_EQ(window.CheckAsked(2).message(), "the server sent step 2 again");
  window.Receive(BatchOf(4));
  EXPECT_EQ(window.CheckAsked(4).message(), "the server sent step 4 again");
}

TEST(StepWindowTest, NothingIsAskedForBeyondTheEnd) {
  StepWindow window(8, 10, 4);
  EXPECT_FALSE(window.all_asked());
  ExpectAsk(window.TakeAsk(100), 8, 2);
  EXPECT_TRUE(window.all_asked());
  EXPECT_FALSE(window.all_received());
  window.Receive(BatchOf(9));
  window.Receive(BatchOf(8));
  EXPECT_TRUE(window.all_received());
  EXPECT_FALSE(window.finished());
  window.Pop();
  window.Pop();
  EXPECT_TRUE(window.finished());
  EXPECT_FALSE(window.TakeAsk(100).has_value());
}

}  // namespace
}  // namespace millrace::client
