// Three servers, two trainings, and what happens to them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/chaos/faults.h"
#include "tests/chaos/material.h"
#include "tests/chaos/training.h"
#include "tests/chaos/upstream.h"

namespace millrace::chaos {

struct ChaosOptions {
  uint64_t seed = 0;
  // Faults are made until there were so many and so much time has passed; then
  // the trainings go on undisturbed until so many epochs are complete.
  uint64_t faults = 0;
  absl::Duration duration;
  uint64_t epochs = 3;
  // Mean time between faults.
  absl::Duration pause = absl::Milliseconds(700);
  absl::Duration stall_limit = absl::Seconds(60);
  bool quiet = false;
};

class Chaos {
 public:
  // States and logs go to `folder`. `interrupted` outlives this object.
  Chaos(const ChaosOptions& options, const Material& material,
        const std::string& folder, const std::atomic<bool>* interrupted);

  // CANCELLED: interrupted. Other errors say what went wrong, and where
  // everybody stood.
  absl::Status Run();

  // `millrace audit` over the logs of each training, against the data. Prints
  // what it says; the worst exit code.
  int Audit();

  void PrintSummary() const;

 private:
  absl::Status Start();
  absl::Status MakeFaults();
  // Of every training.
  absl::Status Await(bool (Training::*reached)() const);
  absl::Status AwaitEpochs();
  absl::Status Finish();

  // One look at everything; then sleeps a moment.
  absl::Status Tick();
  absl::Status TickUntil(absl::Time time);
  absl::Status Make(const Fault& fault);
  absl::Status MakeToServer(const Fault& fault, Upstream* upstream);
  // The first healthy one from fault.server on, once there is one.
  absl::Status AwaitHealthy(const Fault& fault, Upstream** upstream);
  int AuditOf(const Training& training);
  void Tell(const Training& training, const nlohmann::json& report) const;
  std::string Situation() const;
  void Say(const std::string& text) const;

  const ChaosOptions options_;
  const Material& material_;
  const std::atomic<bool>* const interrupted_;
  absl::Time started_;
  std::vector<std::unique_ptr<Upstream>> upstreams_;
  std::vector<std::unique_ptr<Training>> trainings_;
  uint64_t faults_ = 0;
  std::array<uint64_t, kFaultKinds> by_kind_{};
};

}  // namespace millrace::chaos
