// The HTTP port that Prometheus reads.
#pragma once

#include <prometheus/exposer.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/server_context.h"

namespace millrace {

// Serves /metrics until destroyed (before the context).
class MetricsEndpoint {
 public:
  // UNAVAILABLE: the address cannot be listened on.
  static absl::StatusOr<std::unique_ptr<MetricsEndpoint>> Start(
      ServerContext* context, const std::string& address);

  int port() const;

 private:
  explicit MetricsEndpoint(const std::string& address);

  std::shared_ptr<Gauges> gauges_;
  // Last: its threads use the gauges.
  prometheus::Exposer exposer_;
};

}  // namespace millrace
