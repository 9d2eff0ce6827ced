// A network that can fail: forwards TCP connections to a server on this machine
// and cuts or stalls them when told.
#pragma once

#include <atomic>
#include <climits>
#include <cstdint>
#include <list>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"

namespace millrace {

class TcpProxy {
 public:
  // Forwards to 127.0.0.1:`port`.
  explicit TcpProxy(int port);
  ~TcpProxy();

  // "127.0.0.1:PORT", where clients connect.
  std::string endpoint() const;

  // Resets each new connection (RST) once it has carried this many bytes
  // from the server.
  void CutAfter(int64_t bytes) { cut_after_ = bytes; }

  // Resets all connections now.
  void CutAll();

  // From now on nothing is forwarded, and nothing closed either; for all
  // connections, or only for those made until now.
  void Freeze() { frozen_below_ = INT_MAX; }
  void FreezeOpen() { frozen_below_ = connections_.load(); }
  void Thaw() { frozen_below_ = 0; }

  int connections() const { return connections_; }

 private:
  struct Connection {
    int number = 0;
    int client = -1;
    int server = -1;
    std::thread thread;
  };
  void Accept();
  // Forgets connections that have ended.
  void Reap();
  void Forward(Connection* connection);

  const int port_;
  int listener_ = -1;
  int listen_port_ = 0;
  std::atomic<bool> stopping_{false};
  // Connections with smaller numbers are frozen.
  std::atomic<int> frozen_below_{0};
  std::atomic<int64_t> cut_after_{INT64_MAX};
  std::atomic<int> connections_{0};
  Mutex mutex_;
  std::list<Connection> open_ ABSL_GUARDED_BY(mutex_);
  std::thread acceptor_;
};

}  // namespace millrace
