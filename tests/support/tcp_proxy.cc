#include "tests/support/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"

namespace millrace {

namespace {

constexpr int kPollMs = 20;

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Small frames go at once, as gRPC's own sockets send them.
void SendAtOnce(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

// The next close() resets the connection instead of ending it politely.
void MakeCloseReset(int socket) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

bool Readable(pollfd* polled, int count) {
  return poll(polled, static_cast<nfds_t>(count), kPollMs) > 0;
}

bool WriteAll(int socket, const char* data, ssize_t size) {
  while (size > 0) {
    const ssize_t sent = send(socket, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    size -= sent;
  }
  return true;
}

}  // namespace

TcpProxy::TcpProxy(int port) : port_(port) {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
  listen(listener_, 16);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  listen_port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

TcpProxy::~TcpProxy() {
  stopping_ = true;
  acceptor_.join();
  CutAll();
  std::list<Connection> connections;
  {
    MutexLock lock(&mutex_);
    connections.swap(open_);
  }
  for (Connection& connection : connections) connection.thread.join();
  close(listener_);
}

std::string TcpProxy::endpoint() const {
  return absl::StrCat("127.0.0.1:", listen_port_);
}

void TcpProxy::CutAll() {
  MutexLock lock(&mutex_);
  // The forwarding thread sees the end and resets.
  for (Connection& connection : open_) {
    if (connection.server >= 0) shutdown(connection.server, SHUT_RDWR);
  }
}

void TcpProxy::Accept() {
  while (!stopping_) {
    Reap();
    pollfd polled{listener_, POLLIN, 0};
    if (!Readable(&polled, 1)) continue;
    const int client = accept(listener_, nullptr, nullptr);
    if (client < 0) continue;
    const int server = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = Loopback(port_);
    SendAtOnce(client);
    SendAtOnce(server);
    const int number = connections_++;
    if (connect(server, reinterpret_cast<const sockaddr*>(&address),
                sizeof(address)) != 0) {
      close(client);
      close(server);
      continue;
    }
    MutexLock lock(&mutex_);
    Connection& connection = open_.emplace_back();
    connection.number = number;
    connection.client = client;
    connection.server = server;
    connection.thread =
        std::thread([this, &connection] { Forward(&connection); });
  }
}

void TcpProxy::Reap() {
  MutexLock lock(&mutex_);
  open_.remove_if([](Connection& connection) {
    if (connection.server >= 0) return false;
    connection.thread.join();
    return true;
  });
}

void TcpProxy::Forward(Connection* connection) {
  int number;
  int client;
  int server;
  {
    MutexLock lock(&mutex_);
    number = connection->number;
    client = connection->client;
    server = connection->server;
  }
  std::vector<char> buffer(16384);
  int64_t left = cut_after_;
  while (!stopping_ && left > 0) {
    pollfd polled[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    if (number < frozen_below_) {
      poll(nullptr, 0, kPollMs);
      continue;
    }
    if (!Readable(polled, 2)) continue;
    if (polled[0].revents != 0) {
      const ssize_t size = recv(client, buffer.data(), buffer.size(), 0);
      if (size <= 0 || !WriteAll(server, buffer.data(), size)) break;
    }
    if (polled[1].revents != 0) {
      const size_t most = std::min<int64_t>(buffer.size(), left);
      const ssize_t size = recv(server, buffer.data(), most, 0);
      if (size <= 0 || !WriteAll(client, buffer.data(), size)) break;
      left -= size;
    }
  }
  MutexLock lock(&mutex_);
  MakeCloseReset(client);
  MakeCloseReset(server);
  close(client);
  close(server);
  connection->server = -1;
}

}  // namespace millrace
