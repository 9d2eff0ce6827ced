#include "client/endpoint_list.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/mutex.h"

namespace millrace::client {

namespace {

constexpr absl::string_view kScheme = "dns:///";
constexpr size_t kMaxAddresses = 64;
constexpr absl::Duration kLeastPause = absl::Seconds(1);

std::string Address(const addrinfo& found, absl::string_view port) {
  char text[INET6_ADDRSTRLEN];
  if (found.ai_family == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(found.ai_addr);
    inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
    return absl::StrCat(text, ":", port);
  }
  const auto* in = reinterpret_cast<const sockaddr_in6*>(found.ai_addr);
  inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof(text));
  return absl::StrCat("[", text, "]:", port);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> LookUp(const std::string& host_port) {
  const size_t colon = host_port.rfind(':');
  absl::string_view host = absl::string_view(host_port).substr(0, colon);
  const std::string port = host_port.substr(colon + 1);
  if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(std::string(host).c_str(), nullptr, &hints, &found);
  if (error != 0) {
    const std::string what =
        absl::StrCat("cannot look up \"", host, "\": ", gai_strerror(error));
    return error == EAI_NONAME ? absl::NotFoundError(what)
                               : absl::UnavailableError(what);
  }
  const absl::Cleanup free_found = [&] { freeaddrinfo(found); };
  std::vector<std::string> addresses;
  for (const addrinfo* i = found; i != nullptr; i = i->ai_next) {
    if (i->ai_family == AF_INET || i->ai_family == AF_INET6) {
      addresses.push_back(Address(*i, port));
    }
  }
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()),
                  addresses.end());
  if (addresses.size() > kMaxAddresses) addresses.resize(kMaxAddresses);
  return addresses;
}

struct EndpointList::State {
  State(const std::vector<std::string>& endpoints_in, absl::Duration every_in,
        Listener listener_in, Resolver resolver_in)
      : endpoints(endpoints_in),
        every(every_in),
        listener(std::move(listener_in)),
        resolver(std::move(resolver_in)),
        found(endpoints.size()) {}

  // Looks up and tells, until it is to stop.
  void Run();
  // Looks every name up. OK, or what is wrong with the last that failed.
  absl::Status Update();
  void Tell(const absl::Status& problem);
  // False if it is to stop.
  bool Pause();

  const std::vector<std::string> endpoints;
  const absl::Duration every;
  const Listener listener;
  const Resolver resolver;
  // Of each endpoint, and what was told last. Of one thread.
  std::vector<std::vector<ServerAddress>> found;
  std::vector<ServerAddress> told;
  absl::Status told_problem;

  Mutex mutex;
  CondVar changed;
  bool stopped ABSL_GUARDED_BY(mutex) = false;
  bool soon ABSL_GUARDED_BY(mutex) = false;
  bool resolving ABSL_GUARDED_BY(mutex) = false;
};

absl::Status EndpointList::State::Update() {
  absl::Status problem;
  for (size_t i = 0; i < endpoints.size(); ++i) {
    absl::string_view name = endpoints[i];
    if (!absl::ConsumePrefix(&name, kScheme)) {
      found[i] = {{endpoints[i], endpoints[i]}};
      continue;
    }
    const auto addresses = resolver(std::string(name));
    if (!addresses.ok()) {
      problem = addresses.status();
      continue;
    }
    found[i].clear();
    for (const std::string& address : *addresses) {
      found[i].push_back({address, absl::StrCat(address, " (", name, ")")});
    }
  }
  return problem;
}

void EndpointList::State::Tell(const absl::Status& problem) {
  std::vector<ServerAddress> all;
  for (const std::vector<ServerAddress>& some : found) {
    for (const ServerAddress& address : some) {
      const auto same = [&](const ServerAddress& other) {
        return other.address == address.address;
      };
      if (std::none_of(all.begin(), all.end(), same)) all.push_back(address);
    }
  }
  if (all == told && problem == told_problem) return;
  told = all;
  told_problem = problem;
  MutexLock lock(&mutex);
  if (!stopped) listener(std::move(all), problem);
}

bool EndpointList::State::Pause() {
  const absl::Time begin = absl::Now();
  MutexLock lock(&mutex);
  resolving = false;
  while (!stopped) {
    const absl::Time end =
        begin + (soon ? std::min(every, kLeastPause) : every);
    if (absl::Now() >= end) break;
    changed.WaitUntil(&mutex, end);
  }
  soon = false;
  resolving = true;
  return !stopped;
}

void EndpointList::State::Run() {
  do {
    Tell(Update());
  } while (Pause());
}

EndpointList::EndpointList(const std::vector<std::string>& endpoints,
                           absl::Duration every, Listener listener,
                           Resolver resolver)
    : state_(std::make_shared<State>(endpoints, every, std::move(listener),
                                     std::move(resolver))) {
  const bool names = std::any_of(endpoints.begin(), endpoints.end(),
                                 [](const std::string& endpoint) {
                                   return absl::StartsWith(endpoint, kScheme);
                                 });
  if (!names) {
    state_->Update().IgnoreError();
    state_->Tell(absl::OkStatus());
    return;
  }
  {
    MutexLock lock(&state_->mutex);
    state_->resolving = true;
  }
  thread_ = std::thread([state = state_] { state->Run(); });
}

EndpointList::~EndpointList() {
  if (!thread_.joinable()) return;
  bool resolving = false;
  {
    MutexLock lock(&state_->mutex);
    state_->stopped = true;
    resolving = state_->resolving;
    state_->changed.NotifyAll();
  }
  if (resolving) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

void EndpointList::LookUpSoon() {
  MutexLock lock(&state_->mutex);
  state_->soon = true;
  state_->changed.NotifyAll();
}

}  // namespace millrace::client
