#include "client/c_abi_support.h"

#include <pthread.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

namespace millrace::client {

namespace {

std::atomic<bool> forked{false};

}  // namespace

void WatchForks() {
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { forked = true; });
  static_cast<void>(registered);
}

bool IsForked() { return forked; }

absl::Status CheckNotForked() {
  if (!IsForked()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "this process was forked from one that had already used the network, and "
      "gRPC does not survive fork(): start processes before, or by exec");
}

void* CopyForCaller(absl::string_view bytes) {
  void* copy = std::malloc(bytes.empty() ? 1 : bytes.size());
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, bytes.data(), bytes.size());
  return copy;
}

char* CopyTextForCaller(absl::string_view text) {
  char* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy == nullptr) throw std::bad_alloc();
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = '\0';
  return copy;
}

int32_t Report(const absl::Status& status, char** message) noexcept {
  const auto code = static_cast<int32_t>(status.code());
  if (message == nullptr) return code;
  *message = nullptr;
  if (status.ok()) return code;
  try {
    const bool no_memory =
        absl::IsResourceExhausted(status) && status.message().empty();
    *message =
        CopyTextForCaller(no_memory ? "out of memory" : status.message());
  } catch (const std::bad_alloc&) {
    // The code has to say it.
  }
  return code;
}

absl::Status CheckNotNull(const void* pointer, absl::string_view name) {
  if (pointer != nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name, " is NULL"));
}

}  // namespace millrace::client
