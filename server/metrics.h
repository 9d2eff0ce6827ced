// What Prometheus sees. Names and meanings: docs/metrics.md.
#pragma once

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "server/trainer_waits.h"

namespace millrace {

// Events, counted where they happen. Thread-safe; an increment costs tens of
// nanoseconds.
class Metrics {
 public:
  Metrics();

  void StreamEnded(const absl::Status& status);
  void RpcEnded(absl::string_view method, const absl::Status& status);

  prometheus::Registry& registry() { return *registry_; }
  std::shared_ptr<prometheus::Collectable> collectable() { return registry_; }

 private:
  const std::shared_ptr<prometheus::Registry> registry_;
  prometheus::Family<prometheus::Counter>& streams_ended_;
  prometheus::Family<prometheus::Counter>& rpcs_;

 public:
  TrainerWaits trainer_waits;
  prometheus::Counter& streams_opened;
  prometheus::Counter& steps_sent;
  prometheus::Counter& samples_sent;
  prometheus::Counter& bytes_sent;
  prometheus::Counter& samples_read;
  prometheus::Counter& sample_seconds;
  // See BatchCache.
  prometheus::Counter& batch_cache_hits;
  prometheus::Counter& batch_cache_misses;
  prometheus::Counter& batch_cache_evictions;
  // Of batches that are built and not yet written.
  prometheus::Gauge& held_bytes;
  prometheus::Histogram& open_seconds;
  prometheus::Histogram& build_seconds;
  prometheus::Histogram& write_seconds;
};

// States, asked for when Prometheus looks.
class Gauges : public prometheus::Collectable {
 public:
  using Read = std::function<double()>;

  // `read` is called from the exposer's threads.
  void Add(std::string name, std::string help, Read read);
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  struct Gauge {
    std::string name;
    std::string help;
    Read read;
  };
  std::vector<Gauge> gauges_;
};

// Of this process; 0 where /proc does not say.
double ResidentBytes();

}  // namespace millrace
