#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace millrace {

namespace {

std::shared_ptr<spdlog::logger> MakeLogger(const std::string& file) {
  spdlog::sink_ptr sink;
  if (file.empty()) {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  } else {
    sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
  }
  auto logger = std::make_shared<spdlog::logger>("millrace", std::move(sink));
  logger->set_pattern("%v");  // The line is made here.
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::trace);
  return logger;
}

absl::string_view Name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

// With the escapes of JSON, which logfmt readers understand as well.
std::string Quoted(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      absl::StrAppendFormat(&quoted, "\\u%04x", static_cast<unsigned char>(c));
    } else {
      quoted += c;
    }
  }
  return quoted += '"';
}

bool NeedsQuotes(absl::string_view text) {
  if (text.empty()) return true;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || c == '"' || c == '=' || c == '\\' || byte == 0x7f) {
      return true;
    }
  }
  return false;
}

class LineWriter {
 public:
  explicit LineWriter(LogFormat format) : json_(format == LogFormat::kJson) {}

  void Add(const LogField& field) {
    absl::StrAppend(&line_, line_.empty() ? "" : json_ ? "," : " ");
    absl::StrAppend(&line_, json_ ? Quoted(field.name) : field.name,
                    json_ ? ":" : "=");
    std::visit([this](auto value) { AddValue(value); }, field.value);
  }

  std::string Finish() { return json_ ? absl::StrCat("{", line_, "}") : line_; }

 private:
  void AddValue(absl::string_view text) {
    if (json_ || NeedsQuotes(text)) {
      line_ += Quoted(text);
    } else {
      absl::StrAppend(&line_, text);
    }
  }
  template <typename Number>
  void AddValue(Number number) {
    absl::StrAppend(&line_, number);
  }

  const bool json_;
  std::string line_;
};

}  // namespace

struct Log::Sink {
  std::shared_ptr<spdlog::logger> logger;
};

Log::Log(LogFormat format, LogLevel level, const std::string& file)
    : format_(format),
      level_(level),
      sink_(std::make_unique<Sink>(Sink{MakeLogger(file)})) {}

Log::~Log() = default;

void Log::Debug(absl::string_view message, Fields fields) {
  Write(LogLevel::kDebug, message, fields);
}
void Log::Info(absl::string_view message, Fields fields) {
  Write(LogLevel::kInfo, message, fields);
}
void Log::Warning(absl::string_view message, Fields fields) {
  Write(LogLevel::kWarning, message, fields);
}
void Log::Error(absl::string_view message, Fields fields) {
  Write(LogLevel::kError, message, fields);
}

void Log::Write(LogLevel level, absl::string_view message, Fields fields) {
  if (level < level_) return;
  const std::string time = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(),
                                            absl::UTCTimeZone());
  LineWriter line(format_);
  line.Add({"time", time});
  line.Add({"level", Name(level)});
  line.Add({"msg", message});
  for (const LogField& field : fields) line.Add(field);
  sink_->logger->info("{}", line.Finish());
}

}  // namespace millrace
