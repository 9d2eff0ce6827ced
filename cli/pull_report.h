// What `millrace pull` tells: the facts of a stream and how fast it was.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cli/json.h"
#include "client/batch_stream.h"

namespace millrace::cli {

struct PullTotals {
  uint64_t steps = 0;
  // Without padding.
  uint64_t images = 0;
  uint64_t bytes = 0;
  uint64_t reconnects = 0;
  // See client::StreamStats.
  uint64_t retries = 0;
  uint64_t hedges = 0;
  uint64_t hedges_won = 0;
  // Where to go on.
  uint64_t next_step = 0;
  absl::Duration elapsed;
  // Part of it, spent waiting for the server.
  absl::Duration wait;
};

// Valid positions of a batch.
uint64_t CountImages(const client::ReceivedBatch& batch);

// A few lines, each with its end.
std::string DescribeStream(const v1::StreamOpened& opened, uint32_t rank,
                           uint32_t world_size);
// "193,000 images/s, 152 MB/s".
std::string DescribeRates(const PullTotals& totals);
// "468 steps, 59,904 images in 0.3 s", then the rates.
std::string DescribeTotals(const PullTotals& totals);

// Whether a stream would fail so again, wherever it goes on: the data or the
// plan is to blame, such as for a batch of more boxes than the server allows.
bool WouldComeAgain(const absl::Status& status);

// Both for one JSON object.
void AddStream(const v1::StreamOpened& opened, Json* json);
void AddTotals(const PullTotals& totals, Json* json);

}  // namespace millrace::cli
