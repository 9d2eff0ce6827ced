#include "server/metrics.h"

#include <unistd.h>

#include <fstream>
#include <utility>

namespace millrace {

namespace {

using prometheus::BuildCounter;
using prometheus::BuildHistogram;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Histogram;
using prometheus::Registry;

Family<Counter>& Counters(Registry& registry, const char* name,
                          const char* help) {
  return BuildCounter().Name(name).Help(help).Register(registry);
}

Counter& OneCounter(Registry& registry, const char* name, const char* help) {
  return Counters(registry, name, help).Add({});
}

// 100 microseconds to 100 seconds, three a decade.
Histogram& Seconds(Registry& registry, const char* name, const char* help) {
  static const Histogram::BucketBoundaries kBounds = {
      1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1,
      0.2,  0.5,  1,    2,    5,    10,   20,   50,   100};
  return BuildHistogram().Name(name).Help(help).Register(registry).Add({},
                                                                       kBounds);
}

// What alerts ask for: a counter that is born with its first event hides that
// event from Prometheus' increase(), so these are there from the start, at 0.
constexpr absl::StatusCode kAlertedCodes[] = {
    absl::StatusCode::kDataLoss, absl::StatusCode::kInternal,
    absl::StatusCode::kResourceExhausted, absl::StatusCode::kDeadlineExceeded};
constexpr const char* kMethods[] = {"ListDatasets", "GetDataset",
                                    "ReadSamples"};

std::string CodeName(absl::StatusCode code) {
  return absl::StatusCodeToString(code);
}

}  // namespace

Metrics::Metrics()
    : registry_(std::make_shared<Registry>()),
      streams_ended_(Counters(*registry_, "millrace_streams_ended_total",
                              "Streams that ended, by status code")),
      rpcs_(Counters(*registry_, "millrace_rpcs_total",
                     "Calls that ended, by method and status code")),
      trainer_waits(registry_.get()),
      streams_opened(OneCounter(*registry_, "millrace_streams_opened_total",
                                "Streams whose plan was accepted")),
      steps_sent(
          OneCounter(*registry_, "millrace_steps_sent_total", "Batches sent")),
      samples_sent(OneCounter(*registry_, "millrace_samples_sent_total",
                              "Samples in batches sent, padding included")),
      bytes_sent(OneCounter(*registry_, "millrace_bytes_sent_total",
                            "Bytes of batch messages sent")),
      samples_read(OneCounter(*registry_, "millrace_samples_read_total",
                              "Samples sent by ReadSamples")),
      sample_seconds(
          OneCounter(*registry_, "millrace_sample_seconds_total",
                     "Worker time spent reading, decoding and transforming")),
      batch_cache_hits(
          OneCounter(*registry_, "millrace_batch_cache_hits_total",
                     "Batches that a stream got because another had made it")),
      batch_cache_misses(OneCounter(*registry_,
                                    "millrace_batch_cache_misses_total",
                                    "Batches that a stream made itself")),
      batch_cache_evictions(OneCounter(
          *registry_, "millrace_batch_cache_evictions_total",
          "Batches dropped for want of room before all had taken them")),
      held_bytes(prometheus::BuildGauge()
                     .Name("millrace_batch_memory_held_bytes")
                     .Help("Tensors of batches built and not yet written")
                     .Register(*registry_)
                     .Add({})),
      open_seconds(Seconds(*registry_, "millrace_stream_open_seconds",
                           "From a stream's first message to its answer")),
      build_seconds(Seconds(*registry_, "millrace_batch_build_seconds",
                            "From the decision to build a batch to its end")),
      write_seconds(Seconds(*registry_, "millrace_write_seconds",
                            "From handing a batch to gRPC until it is out")) {
  prometheus::BuildGauge()
      .Name("millrace_build_info")
      .Help("Always 1; the label is the version")
      .Register(*registry_)
      .Add({{"version", MILLRACE_VERSION}})
      .Set(1);
  for (const absl::StatusCode code : kAlertedCodes) {
    streams_ended_.Add({{"code", CodeName(code)}});
    for (const char* method : kMethods) {
      rpcs_.Add({{"method", method}, {"code", CodeName(code)}});
    }
  }
}

void Metrics::StreamEnded(const absl::Status& status) {
  streams_ended_.Add({{"code", CodeName(status.code())}}).Increment();
}

void Metrics::RpcEnded(absl::string_view method, const absl::Status& status) {
  rpcs_
      .Add({{"method", std::string(method)}, {"code", CodeName(status.code())}})
      .Increment();
}

void Gauges::Add(std::string name, std::string help, Read read) {
  gauges_.push_back({std::move(name), std::move(help), std::move(read)});
}

std::vector<prometheus::MetricFamily> Gauges::Collect() const {
  std::vector<prometheus::MetricFamily> families;
  for (const Gauge& gauge : gauges_) {
    prometheus::MetricFamily family{
        gauge.name, gauge.help, prometheus::MetricType::Gauge, {}};
    family.metric.emplace_back().gauge.value = gauge.read();
    families.push_back(std::move(family));
  }
  return families;
}

double ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  double total_pages = 0;
  double resident_pages = 0;
  statm >> total_pages >> resident_pages;
  return resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace millrace
