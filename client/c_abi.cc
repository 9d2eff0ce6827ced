// millrace.h: streams, batches, plans and datasets.
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "client/batch_stream.h"
#include "client/c_abi_options.h"
#include "client/c_abi_support.h"
#include "client/dataset_query.h"
#include "client/malloc.h"
#include "client/message_json.h"
#include "client/millrace.h"
#include "client/plan_file.h"
#include "google/protobuf/text_format.h"

namespace millrace::client {

namespace {

// Negative: without end.
absl::Time DeadlineIn(double timeout) {
  if (timeout < 0 || std::isnan(timeout)) return absl::InfiniteFuture();
  return absl::Now() + absl::Seconds(timeout);
}

// Lossy where the text is none: JSON must be UTF-8.
char* Dump(const Json& json) {
  return CopyTextForCaller(
      json.dump(2, ' ', false, Json::error_handler_t::replace));
}

std::string TextOf(const v1::Plan& plan) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(plan, &text);
  return text;
}

// What went wrong with connections, as the keeper thread tells it.
class FailureLog {
 public:
  void Add(const absl::Status& why) {
    MutexLock lock(&mutex_);
    ++count_;
    last_ = why.ToString();
  }

  void AddTo(Json* json) const {
    MutexLock lock(&mutex_);
    (*json)["failures"] = count_;
    (*json)["last_failure"] = last_;
  }

 private:
  mutable Mutex mutex_;
  uint64_t count_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string last_ ABSL_GUARDED_BY(mutex_);
};

// What a stream promises, in the form of C. Constant, but for where it lies.
struct Promise {
  explicit Promise(const v1::StreamOpened& answer)
      : opened(answer), plan(TextOf(answer.plan())) {
    for (const v1::TensorSpec& spec : opened.tensors()) {
      tensors.push_back({.name = spec.name().c_str(),
                         .dtype = spec.dtype(),
                         .dimensions = spec.shape_size(),
                         .shape = spec.shape().data(),
                         .data = nullptr,
                         .bytes = 0});
    }
  }

  const v1::StreamOpened opened;
  const std::string plan;
  std::vector<millrace_tensor> tensors;
};

Json ToJson(const StreamStats& stats) {
  Json json;
  json["steps"] = stats.steps;
  json["bytes"] = stats.bytes;
  json["reconnects"] = stats.reconnects;
  json["retries"] = stats.retries;
  json["hedges"] = stats.hedges;
  json["hedges_won"] = stats.hedges_won;
  json["wait_seconds"] = absl::ToDoubleSeconds(stats.wait);
  json["endpoints"] = Json::array();
  for (const EndpointStats& endpoint : stats.endpoints) {
    Json one;
    one["endpoint"] = endpoint.endpoint;
    one["connected"] = endpoint.connected;
    one["steps"] = endpoint.steps;
    one["bytes"] = endpoint.bytes;
    one["failures"] = endpoint.failures;
    one["median_latency_seconds"] =
        absl::ToDoubleSeconds(endpoint.median_latency);
    one["p99_latency_seconds"] = absl::ToDoubleSeconds(endpoint.p99_latency);
    json["endpoints"].push_back(std::move(one));
  }
  return json;
}

}  // namespace

}  // namespace millrace::client

using namespace millrace::client;  // NOLINT: the functions of C have none.

// --- The handles -------------------------------------------------------------

struct millrace_batch {
  explicit millrace_batch(size_t num_tensors) { tensors.reserve(num_tensors); }

  // Of num_tensors. Allocates nothing, so that no batch is lost.
  void Fill(ReceivedBatch received) {
    batch = std::move(received);
    for (const TensorView& tensor : batch.tensors) {
      // The batch is ours alone; the view is const for readers in general.
      auto* bytes = const_cast<uint8_t*>(tensor.bytes.data());
      tensors.push_back(
          {.name = tensor.name.c_str(),
           .dtype = tensor.dtype,
           .dimensions = static_cast<int32_t>(tensor.shape.size()),
           .shape = tensor.shape.data(),
           .data = tensor.bytes.empty() ? nullptr : bytes,
           .bytes = tensor.bytes.size()});
    }
  }

  ReceivedBatch batch;
  std::vector<millrace_tensor> tensors;
};

struct millrace_stream {
  FailureLog failures;
  std::unique_ptr<BatchStream> stream;

  // One call of open, next or state at a time.
  millrace::Mutex turn;
  std::unique_ptr<const Promise> promise ABSL_GUARDED_BY(turn);
  // `promise`, for all threads.
  std::atomic<const Promise*> published = nullptr;

  const Promise* promised() const { return published; }

  absl::Status CheckOpen() const {
    if (promised() != nullptr) return absl::OkStatus();
    return absl::FailedPreconditionError(
        "the stream is not open; call millrace_stream_open() until it gives "
        "MILLRACE_OK");
  }
};

// --- The library -------------------------------------------------------------

int32_t millrace_abi_version() { return MILLRACE_ABI_VERSION; }

const char* millrace_version() { return MILLRACE_VERSION; }

const char* millrace_code_name(int32_t code) {
  constexpr const char* kNames[] = {"OK",
                                    "CANCELLED",
                                    "UNKNOWN",
                                    "INVALID_ARGUMENT",
                                    "DEADLINE_EXCEEDED",
                                    "NOT_FOUND",
                                    "ALREADY_EXISTS",
                                    "PERMISSION_DENIED",
                                    "RESOURCE_EXHAUSTED",
                                    "FAILED_PRECONDITION",
                                    "ABORTED",
                                    "OUT_OF_RANGE",
                                    "UNIMPLEMENTED",
                                    "INTERNAL",
                                    "UNAVAILABLE",
                                    "DATA_LOSS",
                                    "UNAUTHENTICATED"};
  return code >= 0 && code < static_cast<int32_t>(std::size(kNames))
             ? kNames[code]
             : "";
}

void millrace_free(void* memory) { std::free(memory); }

void millrace_keep_freed_memory(size_t bytes) { KeepFreedMemory(bytes); }

// --- Plans and datasets ------------------------------------------------------

int32_t millrace_plan_parse(const char* text, const char* name, char** json,
                            char** message) {
  return Guard(message, [&]() -> absl::Status {
    MILLRACE_RETURN_IF_ERROR(CheckNotNull(text, "text"));
    MILLRACE_ASSIGN_OR_RETURN(const millrace::v1::Plan plan,
                              ParsePlan(text, name == nullptr ? "plan" : name));
    if (json != nullptr) *json = Dump(ToJson(plan, Defaults::kLeaveOut));
    return absl::OkStatus();
  });
}

int32_t millrace_dataset_info(const char* endpoint, const char* dataset,
                              double timeout, char** json, char** message) {
  return Guard(message, [&]() -> absl::Status {
    MILLRACE_RETURN_IF_ERROR(CheckNotNull(endpoint, "endpoint"));
    MILLRACE_RETURN_IF_ERROR(CheckNotNull(dataset, "dataset"));
    MILLRACE_RETURN_IF_ERROR(CheckNotNull(json, "json"));
    MILLRACE_RETURN_IF_ERROR(CheckNotForked());
    MILLRACE_RETURN_IF_ERROR(CheckEndpoint(endpoint));
    WatchForks();
    if (!(timeout > 0)) {
      return absl::InvalidArgumentError(
          absl::StrCat("timeout ", timeout, " is not positive"));
    }
    MILLRACE_ASSIGN_OR_RETURN(
        const millrace::v1::DatasetInfo info,
        GetDataset(endpoint, dataset, absl::Seconds(timeout)));
    *json = Dump(ToJson(info, Defaults::kWriteOut));
    return absl::OkStatus();
  });
}

// --- Streams -----------------------------------------------------------------

int32_t millrace_stream_start(const millrace_options* options,
                              millrace_stream** stream, char** message) {
  return Guard(message, [&]() -> absl::Status {
    MILLRACE_RETURN_IF_ERROR(CheckNotNull(options, "options"));
    MILLRACE_RETURN_IF_ERROR(CheckNotNull(stream, "stream"));
    MILLRACE_RETURN_IF_ERROR(CheckNotForked());
    WatchForks();
    auto handle = std::make_unique<millrace_stream>();
    BatchStreamOptions stream_options = options->stream;
    stream_options.on_reconnect =
        [failures = &handle->failures](const absl::Status& why) {
          failures->Add(why);
        };
    MILLRACE_ASSIGN_OR_RETURN(handle->stream,
                              BatchStream::Start(std::move(stream_options)));
    *stream = handle.release();
    return absl::OkStatus();
  });
}

int32_t millrace_stream_open(millrace_stream* stream, double timeout,
                             char** message) {
  return Guard(message, [&]() -> absl::Status {
    MILLRACE_RETURN_IF_ERROR(CheckNotNull(stream, "stream"));
    MILLRACE_RETURN_IF_ERROR(CheckNotForked());
    millrace::MutexLock turn(&stream->turn);
    MILLRACE_RETURN_IF_ERROR(
        stream->stream->WaitUntilOpened(DeadlineIn(timeout)));
    if (stream->promise == nullptr) {
      stream->promise = std::make_unique<Promise>(stream->stream->opened());
      stream->published = stream->promise.get();
    }
    return absl::OkStatus();
  });
}

uint64_t millrace_stream_steps_per_epoch(const millrace_stream* stream) {
  const Promise* promise = stream->promised();
  return promise == nullptr ? 0 : promise->opened.steps_per_epoch();
}

uint64_t millrace_stream_positions_per_epoch(const millrace_stream* stream) {
  const Promise* promise = stream->promised();
  return promise == nullptr ? 0 : promise->opened.positions_per_epoch();
}

uint64_t millrace_stream_plan_digest(const millrace_stream* stream) {
  const Promise* promise = stream->promised();
  return promise == nullptr ? 0 : promise->opened.plan_digest();
}

uint64_t millrace_stream_batch_bytes(const millrace_stream* stream) {
  const Promise* promise = stream->promised();
  return promise == nullptr ? 0 : promise->opened.batch_bytes();
}

const char* millrace_stream_plan(const millrace_stream* stream) {
  const Promise* promise = stream->promised();
  return promise == nullptr ? nullptr : promise->plan.c_str();
}

size_t millrace_stream_tensor_count(const millrace_stream* stream) {
  const Promise* promise = stream->promised();
  return promise == nullptr ? 0 : promise->tensors.size();
}

const millrace_tensor* millrace_stream_tensor(const millrace_stream* stream,
                                              size_t index) {
  const Promise* promise = stream->promised();
  return promise == nullptr || index >= promise->tensors.size()
             ? nullptr
             : &promise->tensors[index];
}

int32_t millrace_stream_next(millrace_stream* stream, double timeout,
                             millrace_batch** batch, char** message) {
  return Guard(message, [&]() -> absl::Status {
    MILLRACE_RETURN_IF_ERROR(CheckNotNull(stream, "stream"));
    MILLRACE_RETURN_IF_ERROR(CheckNotForked());
    MILLRACE_RETURN_IF_ERROR(CheckNotNull(batch, "batch"));
    MILLRACE_RETURN_IF_ERROR(stream->CheckOpen());
    millrace::MutexLock turn(&stream->turn);
    auto handle =
        std::make_unique<millrace_batch>(stream->promise->tensors.size());
    MILLRACE_ASSIGN_OR_RETURN(ReceivedBatch received,
                              stream->stream->NextBefore(DeadlineIn(timeout)));
    handle->Fill(std::move(received));
    *batch = handle.release();
    return absl::OkStatus();
  });
}

int32_t millrace_stream_state(millrace_stream* stream, uint64_t next_step,
                              void** data, size_t* size, char** message) {
  return Guard(message, [&]() -> absl::Status {
    MILLRACE_RETURN_IF_ERROR(CheckNotNull(stream, "stream"));
    MILLRACE_RETURN_IF_ERROR(CheckNotForked());
    MILLRACE_RETURN_IF_ERROR(CheckNotNull(data, "data"));
    MILLRACE_RETURN_IF_ERROR(CheckNotNull(size, "size"));
    MILLRACE_RETURN_IF_ERROR(stream->CheckOpen());
    millrace::MutexLock turn(&stream->turn);
    millrace::v1::StreamState state = stream->stream->State();
    if (next_step != MILLRACE_AFTER_LAST) state.set_next_step(next_step);
    const std::string bytes = state.SerializeAsString();
    *data = CopyForCaller(bytes);
    *size = bytes.size();
    return absl::OkStatus();
  });
}

void millrace_stream_cancel(millrace_stream* stream) {
  if (stream != nullptr && !IsForked()) stream->stream->Cancel();
}

int32_t millrace_stream_stats(const millrace_stream* stream, char** json,
                              char** message) {
  return Guard(message, [&]() -> absl::Status {
    MILLRACE_RETURN_IF_ERROR(CheckNotNull(stream, "stream"));
    MILLRACE_RETURN_IF_ERROR(CheckNotForked());
    MILLRACE_RETURN_IF_ERROR(CheckNotNull(json, "json"));
    Json stats = ToJson(stream->stream->stats());
    stream->failures.AddTo(&stats);
    *json = Dump(stats);
    return absl::OkStatus();
  });
}

void millrace_stream_release(millrace_stream* stream) {
  if (stream == nullptr || IsForked()) return;
  // Its thread may still report failures.
  stream->stream.reset();
  delete stream;
}

// --- Batches -----------------------------------------------------------------

uint64_t millrace_batch_step(const millrace_batch* batch) {
  return batch->batch.step;
}

uint64_t millrace_batch_epoch(const millrace_batch* batch) {
  return batch->batch.epoch;
}

uint64_t millrace_batch_step_in_epoch(const millrace_batch* batch) {
  return batch->batch.step_in_epoch;
}

size_t millrace_batch_tensor_count(const millrace_batch* batch) {
  return batch->tensors.size();
}

const millrace_tensor* millrace_batch_tensor(const millrace_batch* batch,
                                             size_t index) {
  return index < batch->tensors.size() ? &batch->tensors[index] : nullptr;
}

const millrace_tensor* millrace_batch_find(const millrace_batch* batch,
                                           const char* name) {
  if (name == nullptr) return nullptr;
  for (const millrace_tensor& tensor : batch->tensors) {
    if (absl::string_view(tensor.name) == name) return &tensor;
  }
  return nullptr;
}

void millrace_batch_release(millrace_batch* batch) {
  if (!IsForked()) delete batch;
}
