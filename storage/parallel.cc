#include "storage/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "base/status_macros.h"

namespace millrace {

namespace {

// A step holds a few open files.
constexpr size_t kThreads = 8;

}  // namespace

absl::Status InParallel(size_t count,
                        const std::function<absl::Status(size_t)>& step) {
  std::vector<absl::Status> results(count);
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next++; i < count; i = next++) {
      results[i] = step(i);
      if (!results[i].ok()) next = count;
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 1; i < std::min(count, kThreads); ++i) {
    threads.emplace_back(work);
  }
  work();
  for (std::thread& thread : threads) thread.join();
  for (absl::Status& result : results) {
    MILLRACE_RETURN_IF_ERROR(std::move(result));
  }
  return absl::OkStatus();
}

}  // namespace millrace
