#include "server/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "server/config.h"
#include "server/metrics_endpoint.h"
#include "server/server_context.h"
#include "server/service.h"
#include "server/stall_watch.h"

namespace millrace {

namespace {

// What a call that has just ended needs to get its status out.
constexpr absl::Duration kFlushTime = absl::Seconds(1);

absl::Status CheckDataDir(const std::string& path) {
  struct stat info = {};
  const bool exists = stat(path.c_str(), &info) == 0;
  if (exists && !S_ISDIR(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the data folder ", path, " is a file; name a folder with --data-dir"));
  }
  if (!exists) {
    return absl::NotFoundError(
        absl::StrCat("there is no data folder ", path, ": create it (mkdir -p ",
                     path, "), mount it, or name another with --data-dir"));
  }
  if (access(path.c_str(), R_OK | X_OK) != 0) {
    return absl::PermissionDeniedError(absl::StrCat(
        "the data folder ", path, " cannot be read: ", std::strerror(errno)));
  }
  return absl::OkStatus();
}

int Milliseconds(double seconds) {
  return static_cast<int>(std::min(seconds * 1000, 2e9));
}

void SetKeepalive(const v1::ConnectionConfig& config,
                  grpc::ServerBuilder* builder) {
  // Trainers may ping us about as often as we ping them.
  builder->AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  if (config.keepalive_seconds() == 0) return;
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS,
                              Milliseconds(config.keepalive_seconds()));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                              Milliseconds(config.keepalive_timeout_seconds()));
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
}

absl::StatusOr<std::unique_ptr<grpc::Server>> Listen(
    const v1::ServerConfig& config, grpc::Service* service, int* port) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  builder.AddListeningPort(config.listen_address(),
                           grpc::InsecureServerCredentials(), port);
  // Two servers on one port would each get a random half of the trainers.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(
      static_cast<int>(config.limits().max_message_bytes()));
  builder.SetMaxSendMessageSize(-1);
  builder.SetDefaultCompressionAlgorithm(GRPC_COMPRESS_NONE);
  SetKeepalive(config.connection(), &builder);
  builder.RegisterService(service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || *port == 0) {
    return absl::UnavailableError(absl::StrCat(
        "cannot listen on ", config.listen_address(),
        ": the port is in use, or the address is not one of this machine; "
        "choose another with --listen (port 0 takes a free one)"));
  }
  return server;
}

}  // namespace

class Server::Impl {
 public:
  explicit Impl(const v1::ServerConfig& config)
      : context_(config), service_(&context_) {}
  ~Impl() { Shutdown(absl::ZeroDuration()); }

  absl::Status Start();
  void Shutdown(absl::Duration grace);
  void Wait();
  ServerStats stats() const;

  int port() const { return port_; }
  int metrics_port() const {
    return metrics_ == nullptr ? 0 : metrics_->port();
  }

 private:
  void Stop(bool drained) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  ServerContext context_;
  MillraceService service_;
  std::unique_ptr<MetricsEndpoint> metrics_;
  std::optional<StallWatch> stall_watch_;
  std::unique_ptr<grpc::Server> grpc_;
  int port_ = 0;

  Mutex mutex_;
  CondVar changed_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

absl::Status Server::Impl::Start() {
  const v1::ServerConfig& config = context_.config;
  if (!config.metrics_address().empty()) {
    MILLRACE_ASSIGN_OR_RETURN(
        metrics_, MetricsEndpoint::Start(&context_, config.metrics_address()));
  }
  MILLRACE_ASSIGN_OR_RETURN(grpc_, Listen(config, &service_, &port_));
  grpc_->GetHealthCheckService()->SetServingStatus(
      v1::Millrace::service_full_name(), true);
  stall_watch_.emplace(
      &context_, absl::Seconds(config.connection().stall_timeout_seconds()));
  context_.log.Info("millraced started",
                    {{"version", MILLRACE_VERSION},
                     {"address", config.listen_address()},
                     {"port", port_},
                     {"metrics_port", metrics_port()},
                     {"data_dir", config.data_dir()},
                     {"worker_threads", context_.scheduler.threads()}});
  return absl::OkStatus();
}

void Server::Impl::Shutdown(absl::Duration grace) {
  if (grpc_ == nullptr) return;  // It never started.
  const absl::Time deadline = absl::Now() + grace;
  grpc_->GetHealthCheckService()->SetServingStatus(false);
  context_.streams.BeginDrain();
  context_.requests.BeginDrain();
  const bool drained = context_.streams.WaitUntilNone(deadline) &&
                       context_.requests.WaitUntilNone(deadline);
  // Whoever else waits, with more patience, need not.
  context_.streams.EndWait();
  context_.requests.EndWait();
  MutexLock lock(&mutex_);
  if (stopped_) return;
  Stop(drained);
  stopped_ = true;
  changed_.NotifyAll();
}

void Server::Impl::Stop(bool drained) {
  context_.log.Info("millraced stops",
                    {{"drained", drained ? "yes" : "no"},
                     {"streams", context_.streams.size()},
                     {"requests", context_.requests.size()}});
  grpc_->Shutdown(absl::ToChronoTime(
      absl::Now() + (drained ? kFlushTime : absl::ZeroDuration())));
}

void Server::Impl::Wait() {
  MutexLock lock(&mutex_);
  while (!stopped_) changed_.Wait(&mutex_);
}

ServerStats Server::Impl::stats() const {
  ServerStats stats;
  stats.open_streams = context_.streams.size();
  stats.open_requests = context_.requests.size();
  stats.reserved_batch_bytes = context_.budget.reserved_bytes();
  stats.open_datasets = context_.datasets.open_datasets();
  stats.queued_tasks = context_.scheduler.queued();
  return stats;
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    const v1::ServerConfig& config) {
  const v1::ServerConfig filled = WithDefaults(config);
  MILLRACE_RETURN_IF_ERROR(ValidateConfig(filled));
  MILLRACE_RETURN_IF_ERROR(CheckDataDir(filled.data_dir()));
  auto impl = std::make_unique<Impl>(filled);
  MILLRACE_RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

int Server::port() const { return impl_->port(); }
int Server::metrics_port() const { return impl_->metrics_port(); }
void Server::Shutdown(absl::Duration grace) { impl_->Shutdown(grace); }
void Server::Wait() { impl_->Wait(); }
ServerStats Server::stats() const { return impl_->stats(); }

}  // namespace millrace
