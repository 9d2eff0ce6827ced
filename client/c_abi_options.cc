#include "client/c_abi_options.h"

#include <cmath>
#include <limits>
#include <new>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "base/status_macros.h"
#include "client/c_abi_support.h"
#include "client/plan_file.h"

namespace millrace::client {

namespace {

using Options = BatchStreamOptions;

absl::Status Unreadable(absl::string_view name, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("option ", name, ": ", why));
}

// The options of one kind: a name, and what sets it.
template <typename Value>
struct Setter {
  absl::string_view name;
  absl::Status (*set)(Options* options, Value value);
};

template <typename Value>
absl::Status SetByName(absl::Span<const Setter<Value>> setters,
                       absl::string_view kind, absl::string_view name,
                       Value value, Options* options) {
  for (const Setter<Value>& setter : setters) {
    if (setter.name == name) return setter.set(options, value);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "there is no option \"", name, "\" that is ", kind, "; there are ",
      absl::StrJoin(setters, ", ", [](std::string* out, const auto& setter) {
        absl::StrAppend(out, setter.name);
      })));
}

absl::Status SetEndpoints(Options* options, absl::string_view value) {
  options->endpoints.clear();
  for (absl::string_view endpoint : absl::StrSplit(value, ',')) {
    endpoint = absl::StripAsciiWhitespace(endpoint);
    if (!endpoint.empty()) options->endpoints.emplace_back(endpoint);
  }
  return absl::OkStatus();
}

absl::Status SetPlan(Options* options, absl::string_view value) {
  MILLRACE_ASSIGN_OR_RETURN(options->plan,
                            ParsePlan(std::string(value), "plan"));
  return absl::OkStatus();
}

absl::Status SetState(Options* options, absl::string_view value) {
  options->restore.reset();
  if (value.empty()) return absl::OkStatus();
  v1::StreamState state;
  if (value.size() > std::numeric_limits<int>::max() ||
      !state.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
    return Unreadable("state", absl::StrCat("these ", value.size(),
                                            " bytes are no saved state"));
  }
  options->restore = std::move(state);
  return absl::OkStatus();
}

template <std::string Options::*kMember>
absl::Status SetString(Options* options, absl::string_view value) {
  options->*kMember = std::string(value);
  return absl::OkStatus();
}

template <auto kMember>
absl::Status SetInteger(Options* options, uint64_t value) {
  auto& member = options->*kMember;
  using Member = std::remove_reference_t<decltype(member)>;
  if (value > static_cast<uint64_t>(std::numeric_limits<Member>::max())) {
    return absl::InvalidArgumentError(
        absl::StrCat(value, " is too large; the limit is ",
                     std::numeric_limits<Member>::max()));
  }
  member = static_cast<Member>(value);
  return absl::OkStatus();
}

template <absl::Duration Options::*kMember>
absl::Status SetDuration(Options* options, double value) {
  if (std::isnan(value)) {
    return absl::InvalidArgumentError("NaN is no number of seconds");
  }
  options->*kMember = absl::Seconds(value);
  return absl::OkStatus();
}

constexpr Setter<absl::string_view> kTexts[] = {
    {"endpoints", SetEndpoints},
    {"plan", SetPlan},
    {"name", SetString<&Options::name>},
    {"audit_log", SetString<&Options::audit_log>},
};

constexpr Setter<absl::string_view> kBytes[] = {{"state", SetState}};

constexpr Setter<uint64_t> kIntegers[] = {
    {"rank", SetInteger<&Options::rank>},
    {"world_size", SetInteger<&Options::world_size>},
    {"start_step", SetInteger<&Options::start_step>},
    {"end_step", SetInteger<&Options::end_step>},
    {"end_epoch", SetInteger<&Options::end_epoch>},
    {"prefetch_steps", SetInteger<&Options::prefetch_steps>},
    {"prefetch_bytes", SetInteger<&Options::prefetch_bytes>},
    {"connections", SetInteger<&Options::connections>},
    {"max_message_bytes", SetInteger<&Options::max_message_bytes>},
};

constexpr Setter<double> kSeconds[] = {
    {"hedge_after", SetDuration<&Options::hedge_after>},
    {"give_up_after", SetDuration<&Options::give_up_after>},
    {"min_backoff", SetDuration<&Options::min_backoff>},
    {"max_backoff", SetDuration<&Options::max_backoff>},
    {"keepalive", SetDuration<&Options::keepalive>},
    {"resolve_every", SetDuration<&Options::resolve_every>},
};

template <typename Value, size_t kCount>
int32_t Set(const Setter<Value> (&setters)[kCount], absl::string_view kind,
            millrace_options* options, const char* name, Value value,
            char** message) {
  return Guard(message, [&]() -> absl::Status {
    MILLRACE_RETURN_IF_ERROR(CheckNotNull(options, "options"));
    MILLRACE_RETURN_IF_ERROR(CheckNotNull(name, "name"));
    const absl::Status status =
        SetByName<Value>(setters, kind, name, value, &options->stream);
    // The others name their option or their place themselves.
    if constexpr (!std::is_same_v<Value, absl::string_view>) {
      if (!status.ok() && !absl::StartsWith(status.message(), "there is no")) {
        return Unreadable(name, status.message());
      }
    }
    return status;
  });
}

}  // namespace

}  // namespace millrace::client

using namespace millrace::client;  // NOLINT: the functions of C have none.

millrace_options* millrace_options_new() {
  return new (std::nothrow) millrace_options;
}

void millrace_options_release(millrace_options* options) { delete options; }

int32_t millrace_options_set_text(millrace_options* options, const char* name,
                                  const char* value, char** message) {
  if (value == nullptr) return Report(CheckNotNull(value, "value"), message);
  return Set(kTexts, "a text", options, name, absl::string_view(value),
             message);
}

int32_t millrace_options_set_bytes(millrace_options* options, const char* name,
                                   const void* data, size_t size,
                                   char** message) {
  if (data == nullptr && size > 0) {
    return Report(CheckNotNull(data, "data"), message);
  }
  return Set(kBytes, "bytes", options, name,
             absl::string_view(static_cast<const char*>(data), size), message);
}

int32_t millrace_options_set_integer(millrace_options* options,
                                     const char* name, uint64_t value,
                                     char** message) {
  return Set(kIntegers, "an integer", options, name, value, message);
}

int32_t millrace_options_set_seconds(millrace_options* options,
                                     const char* name, double value,
                                     char** message) {
  return Set(kSeconds, "in seconds", options, name, value, message);
}

int32_t millrace_options_check(const millrace_options* options,
                               char** message) {
  return Guard(message, [&]() -> absl::Status {
    MILLRACE_RETURN_IF_ERROR(CheckNotNull(options, "options"));
    return options->stream.Validate();
  });
}
