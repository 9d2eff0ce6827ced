// The server's configuration: a text proto, its defaults, its rules. What each
// field means stands in proto/millrace/v1/server_config.proto.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/log.h"
#include "millrace/v1/server_config.pb.h"
#include "pipeline/plan_compiler.h"

namespace millrace {

// INVALID_ARGUMENT names line and column of what is not a ServerConfig.
// Neither fills in defaults nor validates.
absl::StatusOr<v1::ServerConfig> ParseConfig(absl::string_view text);

// ParseConfig of a file's content; errors name the file. NOT_FOUND.
absl::StatusOr<v1::ServerConfig> LoadConfig(const std::string& path);

// Every unset field with its default.
v1::ServerConfig WithDefaults(v1::ServerConfig config);

// INVALID_ARGUMENT names the field, its value, and what would be right. Takes a
// config with defaults filled in. Does not touch disk or network.
absl::Status ValidateConfig(const v1::ServerConfig& config);

PlanLimits PlanLimitsOf(const v1::ServerConfig& config);
// Of a valid config.
LogLevel LogLevelOf(const v1::ServerConfig& config);
LogFormat LogFormatOf(const v1::ServerConfig& config);

}  // namespace millrace
