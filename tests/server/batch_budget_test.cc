#include "server/batch_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace millrace {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr uint64_t kMebibyte = 1 << 20;

TEST(BatchBudgetTest, WhatDoesNotFitIsRefusedSayingWhoHoldsWhat) {
  BatchBudget budget(100 * kMebibyte);
  const auto first = budget.Reserve(4, 4, 10 * kMebibyte);
  const auto second = budget.Reserve(4, 4, 10 * kMebibyte);
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(second.ok());
  const auto third = budget.Reserve(4, 4, 10 * kMebibyte);
  EXPECT_EQ(third.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(
      std::string(third.status().message()),
      AllOf(HasSubstr("40.0 MiB"), HasSubstr("4 batches of 10.0 MiB"),
            HasSubstr("2 open streams hold 80.0 MiB"), HasSubstr("100.0 MiB"),
            HasSubstr("limits.batch_memory_bytes"),
            HasSubstr("limits.max_batches_ahead")));
  EXPECT_EQ(budget.reserved_bytes(), 80 * kMebibyte);
}

TEST(BatchBudgetTest, AReservationGoesBackWhenItIsDestroyed) {
  BatchBudget budget(kMebibyte);
  { ASSERT_TRUE(budget.Reserve(1, 1, kMebibyte).ok()); }
  EXPECT_EQ(budget.reserved_bytes(), 0u);
  EXPECT_EQ(budget.reservations(), 0u);
  EXPECT_TRUE(budget.Reserve(1, 1, kMebibyte).ok());
}

TEST(BatchBudgetTest, WhereNotAllFitsThereAreFewerBatchesButEnough) {
  BatchBudget budget(10);
  const auto first = budget.Reserve(1, 2, 3);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ((*first)->batches(), 2u);
  EXPECT_FALSE(budget.Reserve(2, 4, 3).ok());
  const auto second = budget.Reserve(1, 4, 3);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ((*second)->batches(), 1u);
  EXPECT_EQ((*second)->bytes(), 3u);
  EXPECT_EQ(budget.reserved_bytes(), 9u);
  EXPECT_FALSE(budget.Reserve(1, 4, 3).ok());
}

}  // namespace
}  // namespace millrace
