#include "client/step_window.h"

#include <gtest/gtest.h>

#include <vector>

namespace millrace::client {
namespace {

ReceivedBatch BatchOf(uint64_t step) {
  ReceivedBatch batch;
  batch.step = step;
  return batch;
}

// Asks for all that is wanted.
std::vector<uint64_t> AskAll(StepWindow* window) {
  std::vector<uint64_t> steps;
  while (const std::optional<uint64_t> step = window->NextToAsk()) {
    window->Asked(*step);
    steps.push_back(*step);
  }
  return steps;
}

using Steps = std::vector<uint64_t>;

TEST(StepWindowTest, AsksForItsDepthAndOneMoreForEachStepHandedOut) {
  StepWindow window(5, 0, 3);
  EXPECT_EQ(AskAll(&window), Steps({5, 6, 7}));
  window.Receive(BatchOf(5));
  EXPECT_EQ(AskAll(&window), Steps());
  EXPECT_EQ(window.Pop().step, 5u);
  EXPECT_EQ(AskAll(&window), Steps({8}));
}

TEST(StepWindowTest, HandsOutInOrderWhateverCameFirst) {
  StepWindow window(0, 0, 3);
  AskAll(&window);
  window.Receive(BatchOf(2));
  window.Receive(BatchOf(1));
  EXPECT_FALSE(window.ready());
  window.Receive(BatchOf(0));
  for (uint64_t step = 0; step < 3; ++step) {
    ASSERT_TRUE(window.ready());
    EXPECT_EQ(window.front().step, step);
    EXPECT_EQ(window.Pop().step, step);
  }
  EXPECT_FALSE(window.ready());
}

TEST(StepWindowTest, WhatIsAskedOfNobodyIsToBeAsked) {
  StepWindow window(0, 0, 4);
  EXPECT_EQ(window.NextToAsk(), 0u);
  EXPECT_EQ(window.NextToAsk(), 0u);
  window.Asked(0);
  EXPECT_EQ(window.NextToAsk(), 1u);
}

TEST(StepWindowTest, AfterALossAsksOnlyForWhatIsMissing) {
  StepWindow window(0, 0, 5);
  AskAll(&window);
  window.Receive(BatchOf(1));
  window.Receive(BatchOf(3));
  for (uint64_t step = 0; step < 5; ++step) window.Lost(step);
  EXPECT_EQ(AskAll(&window), Steps({0, 2, 4}));
}

TEST(StepWindowTest, WhatTwoServersAreAskedForOutlivesOneOfThem) {
  StepWindow window(0, 0, 2);
  AskAll(&window);
  window.Asked(0);
  window.Lost(0);
  EXPECT_EQ(AskAll(&window), Steps());
  window.Lost(0);
  EXPECT_EQ(AskAll(&window), Steps({0}));
}

TEST(StepWindowTest, ALossOfWhatWasHandedOutIsNoLoss) {
  StepWindow window(0, 0, 2);
  AskAll(&window);
  window.Receive(BatchOf(0));
  window.Pop();
  window.Lost(0);
  EXPECT_EQ(AskAll(&window), Steps({2}));
}

TEST(StepWindowTest, MissesWhatWasAskedForAndIsNotThere) {
  StepWindow window(3, 0, 4);
  AskAll(&window);
  EXPECT_FALSE(window.Misses(2));
  EXPECT_TRUE(window.Misses(4));
  EXPECT_FALSE(window.Misses(99));
  EXPECT_FALSE(window.Has(4));
  window.Receive(BatchOf(4));
  EXPECT_FALSE(window.Misses(4));
  EXPECT_TRUE(window.Has(4));
}

TEST(StepWindowTest, ALesserDepthTakesNothingBack) {
  StepWindow window(0, 0, 4);
  AskAll(&window);
  window.SetDepth(2);
  for (uint64_t step = 0; step < 3; ++step) {
    window.Receive(BatchOf(step));
    EXPECT_EQ(window.Pop().step, step);
  }
  EXPECT_EQ(AskAll(&window), Steps({4}));
}

TEST(StepWindowTest, NothingIsAskedForBeyondTheEnd) {
  StepWindow window(8, 10, 4);
  EXPECT_FALSE(window.all_received());
  EXPECT_EQ(AskAll(&window), Steps({8, 9}));
  EXPECT_FALSE(window.all_received());
  window.Receive(BatchOf(9));
  window.Receive(BatchOf(8));
  EXPECT_TRUE(window.all_received());
  EXPECT_FALSE(window.finished());
  window.Pop();
  window.Pop();
  EXPECT_TRUE(window.finished());
  EXPECT_EQ(AskAll(&window), Steps());
}

TEST(StepWindowTest, AnEmptyRangeIsReceivedAndFinishedAtOnce) {
  StepWindow window(8, 3, 4);
  EXPECT_EQ(AskAll(&window), Steps());
  EXPECT_TRUE(window.all_received());
  EXPECT_TRUE(window.finished());
}

}  // namespace
}  // namespace millrace::client
