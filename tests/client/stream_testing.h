// What the tests of streams share: options for fake servers, and what to expect
// of the steps that come.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "client/batch_stream.h"
#include "tests/client/fake_server.h"

namespace millrace::client {

// A script: all that is asked for.
inline grpc::Status Serve(FakeStream* stream) {
  stream->Open();
  stream->Serve();
  return grpc::Status::OK;
}

// Tries again at once, and does not give up.
inline BatchStreamOptions OptionsFor(std::vector<std::string> endpoints) {
  BatchStreamOptions options;
  options.endpoints = std::move(endpoints);
  options.plan.set_dataset("digits");
  options.min_backoff = absl::Milliseconds(1);
  options.max_backoff = absl::Milliseconds(10);
  options.give_up_after = absl::Seconds(60);
  return options;
}

inline std::unique_ptr<BatchStream> OpenOrDie(
    const BatchStreamOptions& options) {
  auto stream = BatchStream::Open(options);
  EXPECT_TRUE(stream.ok()) << stream.status();
  return stream.ok() ? *std::move(stream) : nullptr;
}

// The next steps are exactly [first, end).
inline void ExpectSteps(BatchStream* stream, uint64_t first, uint64_t end) {
  for (uint64_t step = first; step < end; ++step) {
    const absl::StatusOr<ReceivedBatch> batch = stream->Next();
    ASSERT_TRUE(batch.ok()) << "step " << step << ": " << batch.status();
    ASSERT_TRUE(IsBatch(*batch, step))
        << "wanted " << step << ", got " << batch->step;
  }
}

}  // namespace millrace::client
