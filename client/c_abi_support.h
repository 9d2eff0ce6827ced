// The border of the C interface: statuses become codes and texts, and no
// exception gets across.
#pragma once

#include <cstdint>
#include <exception>
#include <new>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace millrace::client {

// For millrace_free(). Throws std::bad_alloc.
void* CopyForCaller(absl::string_view bytes);
char* CopyTextForCaller(absl::string_view text);

// The code of `status`; *message, if `message` is not null, as millrace.h says.
int32_t Report(const absl::Status& status, char** message) noexcept;

// Reports the status that `call()` returns, or the exception that it throws.
template <typename Call>
int32_t Guard(char** message, Call call) noexcept {
  try {
    return Report(call(), message);
  } catch (const std::bad_alloc&) {
    return Report(absl::Status(absl::StatusCode::kResourceExhausted, ""),
                  message);
  } catch (const std::exception& error) {
    return Report(absl::Status(absl::StatusCode::kInternal, error.what()),
                  message);
  }
}

// To call before gRPC starts its threads: remembers forks from then on.
void WatchForks();

// True in a child that was forked after WatchForks(): gRPC's threads, and what
// they held locked, are not there.
bool IsForked();

// FAILED_PRECONDITION if so.
absl::Status CheckNotForked();

// INVALID_ARGUMENT, naming the argument, if it is null.
absl::Status CheckNotNull(const void* pointer, absl::string_view name);

}  // namespace millrace::client
