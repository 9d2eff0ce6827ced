#include "client/batch_stream.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/resuming_stream.h"

namespace millrace::client {

namespace {

constexpr uint32_t kMaxPrefetchSteps = 65536;
constexpr size_t kMaxNameBytes = 64;

absl::Status Refuse(bool wrong, absl::string_view what) {
  if (!wrong) return absl::OkStatus();
  return absl::InvalidArgumentError(what);
}

// "host:port", also behind a scheme such as dns:///; or a name of another kind
// that gRPC resolves. Without a port it would try 443.
bool LacksPort(absl::string_view endpoint) {
  uint32_t port = 0;
  const size_t colon = endpoint.rfind(':');
  const bool named =
      absl::StartsWith(endpoint, "unix") || absl::StrContains(endpoint, ":///");
  return !named && (colon == endpoint.npos ||
                    !absl::SimpleAtoi(endpoint.substr(colon + 1), &port) ||
                    port < 1 || port > 65535);
}

}  // namespace

const TensorView* ReceivedBatch::Find(absl::string_view name) const {
  for (const TensorView& tensor : tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

absl::Status BatchStreamOptions::Validate() const {
  MILLRACE_RETURN_IF_ERROR(
      Refuse(endpoint.empty(), "endpoint is empty; \"host:port\" is wanted"));
  MILLRACE_RETURN_IF_ERROR(Refuse(
      LacksPort(endpoint), absl::StrCat("endpoint is \"", endpoint,
                                        "\"; \"host:port\" is wanted, such as "
                                        "localhost:8090")));
  MILLRACE_RETURN_IF_ERROR(
      Refuse(plan.dataset().empty(), "plan.dataset is empty"));
  MILLRACE_RETURN_IF_ERROR(
      Refuse(rank >= world_size, absl::StrCat("rank ", rank, " of world size ",
                                              world_size, " does not exist")));
  MILLRACE_RETURN_IF_ERROR(
      Refuse(end_step != 0 && end_step <= start_step,
             absl::StrCat("end_step ", end_step, " is not after start_step ",
                          start_step)));
  MILLRACE_RETURN_IF_ERROR(
      Refuse(name.size() > kMaxNameBytes,
             absl::StrCat("name has ", name.size(), " bytes; ", kMaxNameBytes,
                          " are allowed")));
  MILLRACE_RETURN_IF_ERROR(
      Refuse(prefetch_steps == 0 || prefetch_steps > kMaxPrefetchSteps,
             absl::StrCat("prefetch_steps is ", prefetch_steps, ", not 1..",
                          kMaxPrefetchSteps)));
  MILLRACE_RETURN_IF_ERROR(Refuse(give_up_after <= absl::ZeroDuration(),
                                  "give_up_after is not positive"));
  MILLRACE_RETURN_IF_ERROR(Refuse(min_backoff <= absl::ZeroDuration(),
                                  "min_backoff is not positive"));
  MILLRACE_RETURN_IF_ERROR(Refuse(max_backoff < min_backoff,
                                  "max_backoff is less than min_backoff"));
  MILLRACE_RETURN_IF_ERROR(Refuse(keepalive < absl::Milliseconds(1),
                                  "keepalive is less than a millisecond"));
  return Refuse(max_message_bytes <= 0, "max_message_bytes is not positive");
}

absl::StatusOr<std::unique_ptr<BatchStream>> BatchStream::Open(
    BatchStreamOptions options) {
  MILLRACE_RETURN_IF_ERROR(options.Validate());
  auto stream = std::make_unique<ResumingStream>(std::move(options));
  MILLRACE_RETURN_IF_ERROR(stream->WaitUntilOpened());
  return stream;
}

}  // namespace millrace::client
