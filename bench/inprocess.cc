// Batches made in this process, without a wire: each thread makes whole steps.
//
//   inprocess --data-dir DIR --plan FILE [--threads N] [--seconds S]
#include <google/protobuf/text_format.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/buffer_pool.h"
#include "base/status_macros.h"
#include "pipeline/batch_assembly.h"
#include "pipeline/plan_compiler.h"
#include "storage/data_dir.h"

namespace millrace {
namespace {

absl::StatusOr<std::shared_ptr<const CompiledPlan>> LoadPlan(
    const std::string& data_dir, const std::string& path,
    const std::string& dataset) {
  std::ifstream in(path);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  v1::Plan plan;
  if (!google::protobuf::TextFormat::ParseFromString(text, &plan)) {
    return absl::InvalidArgumentError("not a plan: " + path);
  }
  if (!dataset.empty()) plan.set_dataset(dataset);
  MILLRACE_ASSIGN_OR_RETURN(DatasetRef ref, DatasetRef::Parse(plan.dataset()));
  MILLRACE_ASSIGN_OR_RETURN(auto store, DataDir(data_dir).Open(ref));
  return CompiledPlan::Compile(plan, std::move(store));
}

struct Rates {
  double per_second = 0;
  // Of the CPU time of all threads: as true on a busy machine.
  double per_cpu_second = 0;
};

// In images, after one batch of each thread as a warm-up.
absl::StatusOr<Rates> Measure(std::shared_ptr<const CompiledPlan> plan,
                              unsigned threads, double seconds) {
  using Clock = std::chrono::steady_clock;
  BufferPool pool(size_t{1} << 30);
  std::atomic<uint64_t> next_step{0};
  std::atomic<bool> failed{false};
  const auto run_until = [&](Clock::time_point end) {
    const uint64_t first = next_step;
    std::vector<std::thread> workers;
    for (unsigned i = 0; i < threads; ++i) {
      workers.emplace_back([&] {
        do {
          const BatchSlice slice{.step = next_step++};
          if (!MakeBatch(plan, slice, &pool).ok()) failed = true;
        } while (Clock::now() < end && !failed);
      });
    }
    for (std::thread& worker : workers) worker.join();
    return next_step - first;
  };
  run_until(Clock::now());
  const Clock::time_point start = Clock::now();
  const std::clock_t cpu_start = std::clock();
  const uint64_t steps =
      run_until(start + std::chrono::duration_cast<Clock::duration>(
                            std::chrono::duration<double>(seconds)));
  const std::chrono::duration<double> elapsed = Clock::now() - start;
  const double cpu =
      static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
  if (failed) return absl::InternalError("a batch could not be made");
  const double images = 1.0 * steps * plan->plan().batch().size();
  return Rates{images / elapsed.count(), images / cpu};
}

absl::Status Main(const std::string& data_dir, const std::string& plan_path,
                  const std::string& dataset, unsigned threads,
                  double seconds) {
  MILLRACE_ASSIGN_OR_RETURN(auto plan, LoadPlan(data_dir, plan_path, dataset));
  MILLRACE_ASSIGN_OR_RETURN(const Rates rates,
                            Measure(std::move(plan), threads, seconds));
  std::cout << "{\"images_per_second\": " << rates.per_second
            << ", \"images_per_cpu_second\": " << rates.per_cpu_second << "}\n";
  return absl::OkStatus();
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) {
  std::string data_dir, plan, dataset;
  unsigned threads = std::thread::hardware_concurrency();
  double seconds = 5;
  CLI::App app("Batches made in one process, without a wire");
  app.add_option("--data-dir", data_dir, "Folder of datasets")->required();
  app.add_option("--plan", plan, "Plan as text proto")->required();
  app.add_option("--dataset", dataset, "Instead of the plan's");
  app.add_option("--threads", threads, "Threads (default: all cores)");
  app.add_option("--seconds", seconds, "How long to measure");
  CLI11_PARSE(app, argc, argv);
  const absl::Status status =
      millrace::Main(data_dir, plan, dataset, threads, seconds);
  if (!status.ok()) std::cerr << "inprocess: " << status.message() << "\n";
  return status.ok() ? 0 : 1;
}
