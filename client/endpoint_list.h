// The addresses of the servers that a trainer was told of: names behind
// "dns:///" are looked up again and again, since servers come and go.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace millrace::client {

struct ServerAddress {
  std::string address;  // What gRPC dials.
  // As people know it: with the name that it was found by.
  std::string shown;

  friend bool operator==(const ServerAddress&, const ServerAddress&) = default;
};

// Addresses "1.2.3.4:80" or "[::1]:80" of "host:port", sorted, each once, at
// most 64. NOT_FOUND: no such name; UNAVAILABLE: nobody can say now.
absl::StatusOr<std::vector<std::string>> LookUp(const std::string& host_port);

// Thread-safe.
class EndpointList {
 public:
  using Resolver = std::function<absl::StatusOr<std::vector<std::string>>(
      const std::string& host_port)>;
  // Called with all addresses there are now, each time that they are others
  // than before; and with `problem` not OK if a name could not be looked up,
  // whose addresses then stay what they were.
  using Listener = std::function<void(std::vector<ServerAddress> addresses,
                                      const absl::Status& problem)>;

  // Calls `listener` from a thread of its own; if there are no names to look
  // up, once, from here.
  EndpointList(const std::vector<std::string>& endpoints, absl::Duration every,
               Listener listener, Resolver resolver = LookUp);
  // Waits for no look-up: the listener is not called any more, and what
  // `resolver` still does is forgotten.
  ~EndpointList();

  // A server was lost: looks the names up again, within a second.
  void LookUpSoon();

 private:
  struct State;

  const std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace millrace::client
