// What it costs to begin far out: the time to the first batch, and the memory
// of client and server beyond that of a beginning at step 0.
//
//   resume_far --endpoint HOST:PORT --plan FILE --server-pid PID [--step N]
//              [--warm-steps N]
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/status_macros.h"
#include "client/batch_stream.h"
#include "client/plan_file.h"

namespace millrace {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRounds = 5;
constexpr uint64_t kBatches = 8;

struct Flags {
  std::string endpoint;
  std::string plan_file;
  int server_pid = 0;
  uint64_t step = 1'000'000'000;
  uint64_t warm_steps = 8;
};

struct Start {
  double open_ms = 0;
  double first_batch_ms = 0;  // After opening.
};

client::BatchStreamOptions OptionsFor(const Flags& flags,
                                      const v1::Plan& plan) {
  client::BatchStreamOptions options;
  options.endpoints = {flags.endpoint};
  options.plan = plan;
  return options;
}

// Opens a stream, takes some batches, closes it.
absl::StatusOr<Start> StartAt(uint64_t step, const Flags& flags,
                              const v1::Plan& plan) {
  client::BatchStreamOptions options = OptionsFor(flags, plan);
  options.start_step = step;
  options.end_step = step + kBatches;
  const auto ms_since = [](Clock::time_point from) {
    return std::chrono::duration<double, std::milli>(Clock::now() - from)
        .count();
  };
  Start start;
  Clock::time_point begin = Clock::now();
  MILLRACE_ASSIGN_OR_RETURN(auto stream, client::BatchStream::Open(options));
  start.open_ms = ms_since(begin);
  begin = Clock::now();
  MILLRACE_RETURN_IF_ERROR(stream->Next().status());
  start.first_batch_ms = ms_since(begin);
  for (uint64_t i = 1; i < kBatches; ++i) {
    MILLRACE_RETURN_IF_ERROR(stream->Next().status());
  }
  return start;
}

// Memory that a process has to itself, in megabytes.
double AnonymousMb(const std::string& process) {
  std::ifstream status("/proc/" + process + "/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "RssAnon:" && status >> kib) return kib * 1024 / 1e6;
  }
  return 0;
}

double Median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2,
                   values.end());
  return values[values.size() / 2];
}

absl::Status Measure(const Flags& flags) {
  MILLRACE_ASSIGN_OR_RETURN(const v1::Plan plan,
                            client::ReadPlanFile(flags.plan_file));
  const std::string server = std::to_string(flags.server_pid);
  // First what grows with the first streams, and with the samples that the
  // server keeps decoded: it is not the step's.
  // What it keeps goes with the plan's last stream, so this one stays.
  MILLRACE_ASSIGN_OR_RETURN(const auto warm,
                            client::BatchStream::Open(OptionsFor(flags, plan)));
  for (uint64_t i = 0; i < flags.warm_steps; ++i) {
    MILLRACE_RETURN_IF_ERROR(warm->Next().status());
  }
  for (int i = 0; i < 2 * kRounds; ++i) {
    MILLRACE_RETURN_IF_ERROR(StartAt(0, flags, plan).status());
  }
  const double client_before = AnonymousMb("self");
  const double server_before = AnonymousMb(server);
  std::vector<double> near, far, after_opening;
  for (int i = 0; i < kRounds; ++i) {
    MILLRACE_ASSIGN_OR_RETURN(const Start start,
                              StartAt(flags.step, flags, plan));
    far.push_back(start.open_ms + start.first_batch_ms);
    after_opening.push_back(start.first_batch_ms);
  }
  const double client_growth = AnonymousMb("self") - client_before;
  const double server_growth = AnonymousMb(server) - server_before;
  for (int i = 0; i < kRounds; ++i) {
    MILLRACE_ASSIGN_OR_RETURN(const Start start, StartAt(0, flags, plan));
    near.push_back(start.open_ms + start.first_batch_ms);
  }
  std::cout << "{\"step\": " << flags.step << ", \"far_ms\": " << Median(far)
            << ", \"far_ms_after_opening\": " << Median(after_opening)
            << ", \"near_ms\": " << Median(near)
            << ", \"client_growth_mb\": " << client_growth
            << ", \"server_growth_mb\": " << server_growth << "}\n";
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app("Begins far out.", "resume_far");
  app.add_option("--endpoint", flags.endpoint)->required();
  app.add_option("--plan", flags.plan_file)->required();
  app.add_option("--server-pid", flags.server_pid)->required();
  app.add_option("--step", flags.step);
  app.add_option("--warm-steps", flags.warm_steps,
                 "Until the server has decoded all that it keeps")
      ->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = Measure(flags);
  if (status.ok()) return 0;
  std::cerr << "resume_far: " << status << "\n";
  return 1;
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) { return millrace::Main(argc, argv); }
