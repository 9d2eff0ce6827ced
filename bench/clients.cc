// Many clients at once, or one that takes steps at a trainer's pace: how fast
// each was, and how long it had from step to step.
//
//   clients --endpoint HOST:PORT... --plan FILE [--clients N] [--seconds S]
//           [--work-ms MS]
//
// Every client has a seed of its own, so that none profits from another one's
// batches. All are measured over the same time, once each has had a batch.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <latch>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "client/batch_stream.h"
#include "client/malloc.h"
#include "client/plan_file.h"

namespace millrace {
namespace {

using Clock = std::chrono::steady_clock;

struct Flags {
  std::vector<std::string> endpoints;
  std::string plan_file;
  int clients = 1;
  double seconds = 5;
  double work_ms = 0;
};

struct Client {
  absl::Status status;
  uint64_t steps = 0;
  std::vector<double> gaps_ms;  // Between the ends of Next().
};

void Measure(const Flags& flags, client::BatchStream* stream, Client* client) {
  const auto work = std::chrono::duration<double, std::milli>(flags.work_ms);
  Clock::time_point last = Clock::now();
  const auto end = last + std::chrono::duration<double>(flags.seconds);
  while (last < end) {
    std::this_thread::sleep_for(work);
    client->status = stream->Next().status();
    if (!client->status.ok()) return;
    const Clock::time_point now = Clock::now();
    client->gaps_ms.push_back(
        std::chrono::duration<double, std::milli>(now - last).count());
    client->steps += now <= end;
    last = now;
  }
}

void Run(const Flags& flags, client::BatchStreamOptions options,
         std::latch* ready, Client* client) {
  auto stream = client::BatchStream::Open(std::move(options));
  client->status = stream.ok() ? (*stream)->Next().status() : stream.status();
  ready->arrive_and_wait();
  if (client->status.ok()) Measure(flags, stream->get(), client);
}

double Quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const auto at =
      values.begin() + static_cast<ptrdiff_t>(share * (values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

int Report(const Flags& flags, const std::vector<Client>& clients) {
  std::vector<double> gaps;
  uint64_t slowest = UINT64_MAX, fastest = 0, steps = 0;
  for (const Client& client : clients) {
    if (!client.status.ok()) {
      std::cerr << "clients: " << client.status << "\n";
      return 1;
    }
    gaps.insert(gaps.end(), client.gaps_ms.begin(), client.gaps_ms.end());
    slowest = std::min(slowest, client.steps);
    fastest = std::max(fastest, client.steps);
    steps += client.steps;
  }
  std::cout << "{\"clients\": " << clients.size() << ", \"steps\": " << steps
            << ", \"steps_per_second\": " << steps / flags.seconds
            << ", \"slowest_steps\": " << slowest
            << ", \"fastest_steps\": " << fastest
            << ", \"gap_ms_p50\": " << Quantile(gaps, 0.5)
            << ", \"gap_ms_p99\": " << Quantile(gaps, 0.99) << "}\n";
  return 0;
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app("Clients, and what each of them gets.", "clients");
  app.add_option("--endpoint", flags.endpoints)->required();
  app.add_option("--plan", flags.plan_file)->required();
  app.add_option("--clients", flags.clients)->check(CLI::PositiveNumber);
  app.add_option("--seconds", flags.seconds);
  app.add_option("--work-ms", flags.work_ms,
                 "Sleep so long before each step: a trainer that works");
  CLI11_PARSE(app, argc, argv);
  const auto plan = client::ReadPlanFile(flags.plan_file);
  if (!plan.ok()) {
    std::cerr << "clients: " << plan.status() << "\n";
    return 2;
  }
  client::KeepFreedMemory();
  std::vector<Client> clients(flags.clients);
  std::latch ready(flags.clients);
  std::vector<std::thread> threads;
  for (int i = 0; i < flags.clients; ++i) {
    client::BatchStreamOptions options;
    options.endpoints = flags.endpoints;
    options.plan = *plan;
    options.plan.set_seed(plan->seed() + i);
    threads.emplace_back(Run, std::cref(flags), std::move(options), &ready,
                         &clients[i]);
  }
  for (std::thread& thread : threads) thread.join();
  return Report(flags, clients);
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) { return millrace::Main(argc, argv); }
