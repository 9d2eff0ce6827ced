// The process `millraced` as a library: services, metrics, life and death.
//
//   v1::ServerConfig config;
//   config.set_data_dir("/data");
//   auto server = Server::Start(config);   // listens from here on
//   (*server)->Wait();                     // until somebody calls Shutdown
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "millrace/v1/server_config.pb.h"

namespace millrace {

struct ServerStats {
  size_t open_streams = 0;
  size_t open_requests = 0;
  uint64_t reserved_batch_bytes = 0;
  size_t open_datasets = 0;
  size_t queued_tasks = 0;
};

// Thread-safe.
class Server {
 public:
  // Fills in defaults and validates. INVALID_ARGUMENT: the config. NOT_FOUND:
  // no such data folder. UNAVAILABLE: an address cannot be listened on.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      const v1::ServerConfig& config);

  // As Shutdown(0).
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // The port that is listened on: of interest where the config said 0.
  int port() const;
  // 0 if no metrics are served.
  int metrics_port() const;

  // Turns health to NOT_SERVING and new calls away (UNAVAILABLE), lets streams
  // deliver what was asked of them for at most `grace`, then cancels what is
  // left. Returns when all has ended. A second call, from another thread, with
  // a shorter grace cuts the first one short.
  void Shutdown(absl::Duration grace);

  // Returns when a Shutdown has ended.
  void Wait();

  ServerStats stats() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
