// Structured logs: one line an event, as logfmt or JSON.
//
//   log.Info("stream opened", {{"client", name}, {"rank", rank}});
//
//   time=2026-01-31T12:00:00.000Z level=info msg="stream opened" client=a
//   rank=0
//   {"time":"...","level":"info","msg":"stream opened","client":"a","rank":0}
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <type_traits>
#include <variant>

#include "absl/strings/string_view.h"

namespace millrace {

enum class LogFormat { kLogfmt, kJson };
enum class LogLevel { kDebug, kInfo, kWarning, kError };

// A name (of [a-z_]) and a value. Points at strings that it does not own.
struct LogField {
  using Value = std::variant<absl::string_view, int64_t, uint64_t, double>;

  LogField(absl::string_view key, absl::string_view text)
      : name(key), value(text) {}
  LogField(absl::string_view key, const std::string& text)
      : name(key), value(absl::string_view(text)) {}
  LogField(absl::string_view key, const char* text)
      : name(key), value(absl::string_view(text)) {}
  template <typename T, typename = std::enable_if_t<std::is_arithmetic_v<T>>>
  LogField(absl::string_view key, T number) : name(key) {
    if constexpr (std::is_floating_point_v<T>) {
      value = static_cast<double>(number);
    } else if constexpr (std::is_signed_v<T>) {
      value = static_cast<int64_t>(number);
    } else {
      value = static_cast<uint64_t>(number);
    }
  }

  absl::string_view name;
  Value value;
};

// Thread-safe. Writes whole lines to stderr, or appends them to a file; a line
// that cannot be written is lost.
class Log {
 public:
  using Fields = std::initializer_list<LogField>;

  // `file` empty: stderr.
  explicit Log(LogFormat format = LogFormat::kLogfmt,
               LogLevel level = LogLevel::kInfo, const std::string& file = "");
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void Debug(absl::string_view message, Fields fields = {});
  void Info(absl::string_view message, Fields fields = {});
  void Warning(absl::string_view message, Fields fields = {});
  void Error(absl::string_view message, Fields fields = {});
  void Write(LogLevel level, absl::string_view message, Fields fields);

 private:
  struct Sink;

  const LogFormat format_;
  const LogLevel level_;
  std::unique_ptr<Sink> sink_;
};

}  // namespace millrace
