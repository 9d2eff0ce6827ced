// The flags of `millrace pull`.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "client/batch_stream.h"

namespace millrace::cli {

struct PullFlags {
  client::BatchStreamOptions stream;
  std::string plan_file;
  std::string dataset;
  uint64_t steps = 0;
  double give_up_seconds = 60;
  double hedge_after_seconds = 0.02;
  uint64_t prefetch_mb = 1024;
  std::string state_file;
  uint64_t save_every = 100;
  std::string log_file;
  std::string picture;
  bool digest = false;
  bool json = false;
  bool quiet = false;
};

void AddPullFlags(CLI::App* command, PullFlags* flags);

// Reads the plan and the state, and checks the flags against each other.
absl::Status Complete(PullFlags* flags);

}  // namespace millrace::cli
