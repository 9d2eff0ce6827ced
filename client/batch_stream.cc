#include "client/batch_stream.h"

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/resuming_stream.h"
#include "client/stream_state.h"

namespace millrace::client {

namespace {

constexpr uint32_t kMaxPrefetchSteps = 65536;
constexpr size_t kMaxNameBytes = 64;
constexpr size_t kMaxEndpoints = 64;
constexpr uint32_t kMaxConnections = 16;

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

// A URL of what is no gRPC name; gRPC would look it up as a whole, for minutes.
bool IsUrl(absl::string_view endpoint) {
  return absl::StartsWith(endpoint, "http://") ||
         absl::StartsWith(endpoint, "https://") ||
         absl::StartsWith(endpoint, "grpc://");
}

absl::Status CheckEndpoints(const std::vector<std::string>& endpoints) {
  MILLRACE_RETURN_IF_ERROR(
      Refuse(endpoints.empty(), "no endpoints; \"host:port\" is wanted"));
  MILLRACE_RETURN_IF_ERROR(
      Refuse(endpoints.size() > kMaxEndpoints,
             absl::StrCat(endpoints.size(), " endpoints; at most ",
                          kMaxEndpoints, " are allowed")));
  absl::flat_hash_set<absl::string_view> seen;
  for (const std::string& endpoint : endpoints) {
    MILLRACE_RETURN_IF_ERROR(
        Refuse(LacksPort(endpoint) || IsUrl(endpoint),
               absl::StrCat("endpoint \"", endpoint,
                            "\": \"host:port\" is wanted, such as "
                            "localhost:8090")));
    MILLRACE_RETURN_IF_ERROR(
        Refuse(!seen.insert(endpoint).second,
               absl::StrCat("endpoint \"", endpoint, "\" is there twice")));
  }
  return absl::OkStatus();
}

absl::Status CheckRestore(const BatchStreamOptions& options) {
  if (!options.restore.has_value()) return absl::OkStatus();
  MILLRACE_RETURN_IF_ERROR(
      Refuse(options.start_step != 0,
             "start_step is set, and restore, which says where to start"));
  return PinToState(options.plan, *options.restore).status();
}

}  // namespace

const TensorView* ReceivedBatch::Find(absl::string_view name) const {
  for (const TensorView& tensor : tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

absl::Status CheckEndpoint(const std::string& endpoint) {
  return CheckEndpoints({endpoint});
}

absl::Status BatchStreamOptions::Validate() const {
  MILLRACE_RETURN_IF_ERROR(CheckEndpoints(endpoints));
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
  MILLRACE_RETURN_IF_ERROR(
      Refuse(prefetch_bytes == 0, "prefetch_bytes is not positive"));
  MILLRACE_RETURN_IF_ERROR(
      Refuse(connections == 0 || connections > kMaxConnections,
             absl::StrCat("connections is ", connections, ", not 1..",
                          kMaxConnections)));
  MILLRACE_RETURN_IF_ERROR(Refuse(hedge_after <= absl::ZeroDuration(),
                                  "hedge_after is not positive"));
  MILLRACE_RETURN_IF_ERROR(Refuse(resolve_every <= absl::ZeroDuration(),
                                  "resolve_every is not positive"));
  MILLRACE_RETURN_IF_ERROR(
      Refuse(max_message_bytes <= 0, "max_message_bytes is not positive"));
  return CheckRestore(*this);
}

absl::StatusOr<std::unique_ptr<BatchStream>> BatchStream::Start(
    BatchStreamOptions options) {
  MILLRACE_RETURN_IF_ERROR(options.Validate());
  return std::make_unique<ResumingStream>(std::move(options));
}

absl::StatusOr<std::unique_ptr<BatchStream>> BatchStream::Open(
    BatchStreamOptions options) {
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<BatchStream> stream,
                            Start(std::move(options)));
  MILLRACE_RETURN_IF_ERROR(stream->WaitUntilOpened());
  return stream;
}

}  // namespace millrace::client
