#include "server/metrics_endpoint.h"

#include <exception>

#include "absl/strings/str_cat.h"

namespace millrace {

namespace {

std::shared_ptr<Gauges> MakeGauges(ServerContext* context) {
  auto gauges = std::make_shared<Gauges>();
  const auto add = [&](const char* name, const char* help, auto read) {
    gauges->Add(name, help, [context, read] {
      return static_cast<double>(read(*context));
    });
  };
  using Context = const ServerContext&;
  add("millrace_streams_open", "Open StreamBatches streams",
      [](Context c) { return c.streams.size(); });
  add("millrace_requests_open", "Other calls under way",
      [](Context c) { return c.requests.size(); });
  add("millrace_batch_memory_reserved_bytes",
      "Batch memory that open streams hold reserved",
      [](Context c) { return c.budget.reserved_bytes(); });
  add("millrace_batch_memory_budget_bytes", "limits.batch_memory_bytes",
      [](Context c) { return c.budget.total_bytes(); });
  add("millrace_batch_cache_bytes", "Batches kept for other streams",
      [](Context c) { return c.batch_cache.bytes(); });
  add("millrace_idle_buffer_bytes", "Freed batch buffers kept for reuse",
      [](Context c) { return c.pool.idle_bytes(); });
  add("millrace_tasks_queued", "Tasks that wait for a worker",
      [](Context c) { return c.scheduler.queued(); });
  add("millrace_tasks_running", "Workers at work",
      [](Context c) { return c.scheduler.running(); });
  add("millrace_worker_threads", "Workers that there are",
      [](Context c) { return c.scheduler.threads(); });
  add("millrace_datasets_open", "Dataset versions open",
      [](Context c) { return c.datasets.open_datasets(); });
  add("millrace_plans_compiled", "Compiled plans in use",
      [](Context c) { return c.datasets.compiled_plans(); });
  add("millrace_process_resident_bytes", "Resident memory of the process",
      [](Context) { return ResidentBytes(); });
  return gauges;
}

}  // namespace

MetricsEndpoint::MetricsEndpoint(const std::string& address)
    : exposer_(address, /*num_threads=*/2) {}

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::Start(
    ServerContext* context, const std::string& address) {
  try {
    auto endpoint =
        std::unique_ptr<MetricsEndpoint>(new MetricsEndpoint(address));
    endpoint->gauges_ = MakeGauges(context);
    endpoint->exposer_.RegisterCollectable(context->metrics.collectable());
    endpoint->exposer_.RegisterCollectable(endpoint->gauges_);
    return endpoint;
  } catch (const std::exception&) {
    return absl::UnavailableError(absl::StrCat(
        "cannot serve metrics on ", address,
        ": the port is in use, or the address is not one of this machine; "
        "choose another with --metrics-listen (\"\" for none)"));
  }
}

int MetricsEndpoint::port() const {
  const std::vector<int> ports = exposer_.GetListeningPorts();
  return ports.empty() ? 0 : ports.front();
}

}  // namespace millrace
