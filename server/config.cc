#include "server/config.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <cmath>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace millrace {

namespace {

constexpr uint64_t kMebibyte = uint64_t{1} << 20;

// Keeps the first error; lines count from 1.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    if (text_.empty()) {
      text_ = absl::StrCat("line ", line + 1, ", column ", column + 1, ": ",
                           message);
    }
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void DefaultLimits(v1::ServerLimits* limits) {
  v1::ServerLimits filled;
  filled.set_max_streams(256);
  filled.set_max_requests(256);
  filled.set_max_outstanding_steps(256);
  filled.set_max_batches_ahead(4);
  filled.set_batch_memory_bytes(2048 * kMebibyte);
  filled.set_batch_cache_bytes(256 * kMebibyte);
  filled.set_idle_buffer_bytes(256 * kMebibyte);
  filled.set_max_open_datasets(16);
  filled.set_max_message_bytes(16 * kMebibyte);
  filled.set_max_read_samples(65536);
  filled.set_decoded_cache_bytes(PlanLimits().max_decoded_bytes);
  filled.set_working_memory_bytes(PlanLimits().max_working_bytes);
  filled.MergeFrom(*limits);
  *limits = filled;
}

void DefaultPlanLimits(v1::PlanLimitsConfig* config) {
  const PlanLimits defaults;
  v1::PlanLimitsConfig filled;
  filled.set_max_batch_size(defaults.max_batch_size);
  filled.set_max_side(defaults.max_side);
  filled.set_max_batch_bytes(defaults.max_batch_bytes);
  filled.set_max_transforms(defaults.max_transforms);
  filled.set_max_selection_keys(defaults.max_selection_keys);
  filled.set_max_ragged_bytes(defaults.max_ragged_bytes);
  filled.MergeFrom(*config);
  *config = filled;
}

void DefaultConnection(v1::ConnectionConfig* config) {
  v1::ConnectionConfig filled;
  filled.set_keepalive_seconds(60);
  filled.set_keepalive_timeout_seconds(20);
  filled.set_stall_timeout_seconds(600);
  filled.MergeFrom(*config);
  *config = filled;
}

template <typename T>
absl::Status InRange(absl::string_view field, T value, T lowest, T highest) {
  if (value >= lowest && value <= highest) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      field, " is ", value, "; it must be from ", lowest, " to ", highest));
}

absl::Status Seconds(absl::string_view field, double value, bool may_be_zero) {
  if (std::isfinite(value) && (value > 0 || (value == 0 && may_be_zero))) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(field, " is ", value, "; it must be a number of seconds, ",
                   may_be_zero ? "0 or more" : "more than 0"));
}

absl::Status Address(absl::string_view field, absl::string_view address) {
  const size_t colon = address.rfind(':');
  uint32_t port = 0;
  if (colon != absl::string_view::npos && colon > 0 &&
      absl::SimpleAtoi(address.substr(colon + 1), &port) && port <= 65535) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat(field, " is \"", address,
                   "\"; it must be host:port, such as 0.0.0.0:8090 or [::]:0"));
}

absl::Status ValidateLimits(const v1::ServerLimits& limits) {
  constexpr uint32_t kMax32 = 0xffffffff;
  constexpr uint64_t kMax64 = uint64_t{1} << 62;
  MILLRACE_RETURN_IF_ERROR(
      InRange("limits.max_streams", limits.max_streams(), 1u, kMax32));
  MILLRACE_RETURN_IF_ERROR(
      InRange("limits.max_requests", limits.max_requests(), 1u, kMax32));
  MILLRACE_RETURN_IF_ERROR(InRange("limits.max_outstanding_steps",
                                   limits.max_outstanding_steps(), 1u, kMax32));
  MILLRACE_RETURN_IF_ERROR(
      InRange("limits.max_batches_ahead", limits.max_batches_ahead(), 1u, 64u));
  MILLRACE_RETURN_IF_ERROR(InRange("limits.batch_memory_bytes",
                                   limits.batch_memory_bytes(), kMebibyte,
                                   kMax64));
  MILLRACE_RETURN_IF_ERROR(InRange("limits.batch_cache_bytes",
                                   limits.batch_cache_bytes(), uint64_t{0},
                                   kMax64));
  MILLRACE_RETURN_IF_ERROR(InRange("limits.idle_buffer_bytes",
                                   limits.idle_buffer_bytes(), uint64_t{0},
                                   kMax64));
  MILLRACE_RETURN_IF_ERROR(InRange("limits.decoded_cache_bytes",
                                   limits.decoded_cache_bytes(), uint64_t{0},
                                   kMax64));
  MILLRACE_RETURN_IF_ERROR(InRange("limits.working_memory_bytes",
                                   limits.working_memory_bytes(), kMebibyte,
                                   kMax64));
  MILLRACE_RETURN_IF_ERROR(InRange("limits.max_message_bytes",
                                   limits.max_message_bytes(), uint64_t{1024},
                                   1024 * kMebibyte));
  return InRange("limits.max_read_samples", limits.max_read_samples(), 1u,
                 kMax32);
}

absl::Status ValidatePlanLimits(const v1::PlanLimitsConfig& limits) {
  constexpr uint32_t kMax32 = 0xffffffff;
  constexpr uint64_t kMaxTensors = uint64_t{1} << 30;
  MILLRACE_RETURN_IF_ERROR(InRange("plan_limits.max_batch_size",
                                   limits.max_batch_size(), 1u, kMax32));
  MILLRACE_RETURN_IF_ERROR(
      InRange("plan_limits.max_side", limits.max_side(), 1u, 65535u));
  MILLRACE_RETURN_IF_ERROR(InRange("plan_limits.max_batch_bytes",
                                   limits.max_batch_bytes(), uint64_t{1},
                                   kMaxTensors));
  MILLRACE_RETURN_IF_ERROR(InRange("plan_limits.max_transforms",
                                   limits.max_transforms(), 1u, kMax32));
  MILLRACE_RETURN_IF_ERROR(InRange("plan_limits.max_selection_keys",
                                   limits.max_selection_keys(), 1u, kMax32));
  return InRange("plan_limits.max_ragged_bytes", limits.max_ragged_bytes(),
                 uint64_t{1}, kMaxTensors);
}

absl::Status ValidateConnection(const v1::ConnectionConfig& connection) {
  MILLRACE_RETURN_IF_ERROR(Seconds("connection.keepalive_seconds",
                                   connection.keepalive_seconds(), true));
  MILLRACE_RETURN_IF_ERROR(Seconds("connection.keepalive_timeout_seconds",
                                   connection.keepalive_timeout_seconds(),
                                   false));
  return Seconds("connection.stall_timeout_seconds",
                 connection.stall_timeout_seconds(), true);
}

std::optional<LogLevel> ParseLogLevel(absl::string_view name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "info") return LogLevel::kInfo;
  if (name == "warning") return LogLevel::kWarning;
  if (name == "error") return LogLevel::kError;
  return std::nullopt;
}

}  // namespace

absl::StatusOr<v1::ServerConfig> ParseConfig(absl::string_view text) {
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  v1::ServerConfig config;
  if (!parser.ParseFromString(std::string(text), &config)) {
    return absl::InvalidArgumentError(error.text());
  }
  return config;
}

absl::StatusOr<v1::ServerConfig> LoadConfig(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  // Nothing read is an error to `<<`, but not in an empty file.
  if (!file || (!(text << file.rdbuf()) && file.bad())) {
    return absl::NotFoundError(
        absl::StrCat("configuration file ", path, " cannot be read"));
  }
  absl::StatusOr<v1::ServerConfig> config = ParseConfig(text.str());
  if (!config.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": ", config.status().message()));
  }
  return config;
}

v1::ServerConfig WithDefaults(v1::ServerConfig config) {
  v1::ServerConfig filled;
  filled.set_listen_address("0.0.0.0:8090");
  filled.set_metrics_address("0.0.0.0:8091");
  filled.set_worker_threads(0);
  filled.set_shutdown_grace_seconds(30);
  filled.set_log_format(v1::ServerConfig::LOGFMT);
  filled.set_log_level("info");
  filled.MergeFrom(config);
  DefaultLimits(filled.mutable_limits());
  DefaultPlanLimits(filled.mutable_plan_limits());
  DefaultConnection(filled.mutable_connection());
  return filled;
}

absl::Status ValidateConfig(const v1::ServerConfig& config) {
  if (config.data_dir().empty()) {
    return absl::InvalidArgumentError(
        "data_dir is not set: give the folder of published datasets with "
        "--data-dir, MILLRACE_DATA_DIR or the configuration file");
  }
  MILLRACE_RETURN_IF_ERROR(Address("listen_address", config.listen_address()));
  if (!config.metrics_address().empty()) {
    MILLRACE_RETURN_IF_ERROR(
        Address("metrics_address", config.metrics_address()));
  }
  MILLRACE_RETURN_IF_ERROR(
      InRange("worker_threads", config.worker_threads(), 0u, 1024u));
  MILLRACE_RETURN_IF_ERROR(ValidateLimits(config.limits()));
  MILLRACE_RETURN_IF_ERROR(ValidatePlanLimits(config.plan_limits()));
  MILLRACE_RETURN_IF_ERROR(ValidateConnection(config.connection()));
  MILLRACE_RETURN_IF_ERROR(
      Seconds("shutdown_grace_seconds", config.shutdown_grace_seconds(), true));
  if (!v1::ServerConfig::LogFormat_IsValid(config.log_format())) {
    return absl::InvalidArgumentError(
        absl::StrCat("log_format is ", static_cast<int>(config.log_format()),
                     "; it must be LOGFMT or JSON"));
  }
  if (!ParseLogLevel(config.log_level()).has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("log_level is \"", config.log_level(),
                     "\"; it must be debug, info, warning or error"));
  }
  return absl::OkStatus();
}

PlanLimits PlanLimitsOf(const v1::ServerConfig& server) {
  const v1::PlanLimitsConfig& config = server.plan_limits();
  PlanLimits limits;
  limits.max_batch_size = config.max_batch_size();
  limits.max_side = config.max_side();
  limits.max_batch_bytes = config.max_batch_bytes();
  limits.max_transforms = config.max_transforms();
  limits.max_selection_keys = config.max_selection_keys();
  limits.max_ragged_bytes = config.max_ragged_bytes();
  limits.max_decoded_bytes = server.limits().decoded_cache_bytes();
  limits.max_working_bytes = server.limits().working_memory_bytes();
  return limits;
}

LogLevel LogLevelOf(const v1::ServerConfig& config) {
  return ParseLogLevel(config.log_level()).value_or(LogLevel::kInfo);
}

LogFormat LogFormatOf(const v1::ServerConfig& config) {
  return config.log_format() == v1::ServerConfig::JSON ? LogFormat::kJson
                                                       : LogFormat::kLogfmt;
}

}  // namespace millrace
