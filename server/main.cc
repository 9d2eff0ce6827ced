// millraced: serves the datasets of one folder over gRPC.
#include <google/protobuf/text_format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "server/config.h"
#include "server/server.h"

namespace millrace {
namespace {

struct Flags {
  std::string config_file;
  std::optional<std::string> data_dir;
  std::optional<std::string> listen;
  std::optional<std::string> metrics_listen;
  std::optional<uint32_t> threads;
  std::optional<double> grace;
  std::optional<std::string> log_format;
  std::optional<std::string> log_level;
  bool print_config = false;
};

void AddFlags(CLI::App* app, Flags* flags) {
  const v1::ServerConfig defaults = WithDefaults({});
  app->add_option("--config", flags->config_file,
                  "Text proto of millrace.v1.ServerConfig; flags override it")
      ->type_name("FILE");
  app->add_option("--data-dir", flags->data_dir,
                  "Folder of published datasets; required, here or there")
      ->type_name("DIR")
      ->envname("MILLRACE_DATA_DIR");
  app->add_option("--listen", flags->listen, "Where the gRPC services are")
      ->type_name("HOST:PORT")
      ->default_str(defaults.listen_address());
  app->add_option("--metrics-listen", flags->metrics_listen,
                  "Where Prometheus metrics are; \"\" for none")
      ->type_name("HOST:PORT")
      ->default_str(defaults.metrics_address());
  app->add_option("--threads", flags->threads, "Worker threads; 0: one a core")
      ->type_name("N")
      ->default_str(absl::StrCat(defaults.worker_threads()));
  app->add_option("--shutdown-grace", flags->grace,
                  "How long SIGTERM lets streams drain")
      ->type_name("SECONDS")
      ->default_str(absl::StrCat(defaults.shutdown_grace_seconds()));
  app->add_option("--log-format", flags->log_format, "logfmt or json")
      ->type_name("FORMAT")
      ->check(CLI::Validator(CLI::IsMember({"logfmt", "json"})).description(""))
      ->default_str("logfmt");
  app->add_option("--log-level", flags->log_level,
                  "debug, info, warning or error")
      ->type_name("LEVEL")
      ->default_str(defaults.log_level());
  app->add_flag("--print-config", flags->print_config,
                "Print the configuration in effect and exit");
  app->set_version_flag("--version", "millraced " MILLRACE_VERSION);
  app->footer(
      "Defaults hold where neither a flag nor --config says otherwise.\n\n"
      "Exit codes: 0 stopped by SIGTERM or Ctrl-C, 1 could not start, 2 wrong "
      "usage\nor configuration.");
}

absl::StatusOr<v1::ServerConfig> ConfigFrom(const Flags& flags) {
  v1::ServerConfig config;
  if (!flags.config_file.empty()) {
    MILLRACE_ASSIGN_OR_RETURN(config, LoadConfig(flags.config_file));
  }
  if (flags.data_dir) config.set_data_dir(*flags.data_dir);
  if (flags.listen) config.set_listen_address(*flags.listen);
  if (flags.metrics_listen) config.set_metrics_address(*flags.metrics_listen);
  if (flags.threads) config.set_worker_threads(*flags.threads);
  if (flags.grace) config.set_shutdown_grace_seconds(*flags.grace);
  if (flags.log_format) {
    config.set_log_format(*flags.log_format == "json"
                              ? v1::ServerConfig::JSON
                              : v1::ServerConfig::LOGFMT);
  }
  if (flags.log_level) config.set_log_level(*flags.log_level);
  return WithDefaults(config);
}

// Exit codes: 0 stopped by a signal; 1 could not start; 2 wrong usage, which
// the configuration is a part of.
constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

int Fail(int exit_code, const absl::Status& status) {
  std::cerr << "millraced: " << status.message() << "\n";
  return exit_code;
}

// Before any thread exists, so that all of them inherit it.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// The first signal drains, the second one cuts that short. Returns when the
// server has stopped.
void ServeUntilSignalled(Server* server, absl::Duration grace,
                         const sigset_t& signals) {
  std::atomic<bool> stopped{false};
  std::thread listener([&] {
    int signal = 0;
    sigwait(&signals, &signal);
    std::thread drain([&] { server->Shutdown(grace); });
    while (sigwait(&signals, &signal) == 0 && !stopped) {
      server->Shutdown(absl::ZeroDuration());
    }
    drain.join();
  });
  server->Wait();
  stopped = true;
  pthread_kill(listener.native_handle(), SIGTERM);  // Ends its wait.
  listener.join();
}

int Main(int argc, char** argv) {
  CLI::App app("Serves the datasets of one folder over gRPC.", "millraced");
  Flags flags;
  AddFlags(&app, &flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kWrongUsage;
  }
  const absl::StatusOr<v1::ServerConfig> config = ConfigFrom(flags);
  if (!config.ok()) return Fail(kWrongUsage, config.status());
  if (flags.print_config) {
    std::string text;
    google::protobuf::TextFormat::PrintToString(*config, &text);
    std::cout << text;
    return 0;
  }
  if (const absl::Status valid = ValidateConfig(*config); !valid.ok()) {
    return Fail(kWrongUsage, valid);
  }
  // gRPC's own messages would stand beside our one clear error.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  const sigset_t signals = BlockSignals();
  // Who read our log may go; the trainers stay.
  signal(SIGPIPE, SIG_IGN);
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(*config);
  if (!server.ok()) return Fail(kFailed, server.status());
  ServeUntilSignalled(server->get(),
                      absl::Seconds(config->shutdown_grace_seconds()), signals);
  // All calls have ended and the log is flushed. What is left to put away, the
  // HTTP server of the metrics above all, would take seconds.
  std::quick_exit(0);
}

}  // namespace
}  // namespace millrace

int main(int argc, char** argv) { return millrace::Main(argc, argv); }
