#include "client/backoff.h"

#include <gtest/gtest.h>

#include <random>

namespace millrace::client {
namespace {

TEST(BackoffTest, DoublesUpToTheMaximumWithJitterBelow) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Backoff backoff(absl::Milliseconds(100), absl::Milliseconds(1000), seed);
  for (const int most : {100, 200, 400, 800, 1000, 1000}) {
    const absl::Duration wait = backoff.Next();
    EXPECT_LE(wait, absl::Milliseconds(most));
    EXPECT_GE(wait, absl::Milliseconds(most / 2));
  }
  backoff.Reset();
  EXPECT_LE(backoff.Next(), absl::Milliseconds(100));
}

}  // namespace
}  // namespace millrace::client
