#include "server/read_samples.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "server/grpc_status.h"

namespace millrace {

namespace {

constexpr size_t kChunkSamples = 32;
constexpr size_t kChunkBytes = 4 << 20;

absl::Status CheckSize(size_t samples, size_t limit) {
  if (samples <= limit) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the request names ", samples, " samples; at most ", limit,
                   " are allowed in one call (limits.max_read_samples)"));
}

}  // namespace

ReadSamplesReactor::ReadSamplesReactor(ServerContext* context,
                                       grpc::CallbackServerContext* call,
                                       const v1::ReadSamplesRequest* request)
    : context_(context),
      call_(call),
      request_(request),
      total_(static_cast<size_t>(request->ordinals_size()) +
             static_cast<size_t>(request->keys_size())),
      lane_(context->scheduler.AddLane()) {
  absl::Status status = context_->requests.Add(this);
  if (status.ok()) {
    status = CheckSize(total_, context_->config.limits().max_read_samples());
  }
  MutexLock lock(&mutex_);
  if (!status.ok()) {
    End(status);
  } else {
    lane_->Submit([this] { ReadChunk(); });
  }
}

// While this is queued or runs, nothing else ends the call: `this` is safe.
void ReadSamplesReactor::ReadChunk() {
  {
    MutexLock lock(&mutex_);
    if (cancelled_) return Advance();
  }
  std::deque<v1::ReadSamplesResponse> chunk;
  const absl::Status status = FillChunk(&chunk);
  MutexLock lock(&mutex_);
  chunk_ = std::move(chunk);
  error_ = status;
  Advance();
}

absl::Status ReadSamplesReactor::FillChunk(
    std::deque<v1::ReadSamplesResponse>* chunk) {
  if (store_ == nullptr) {
    MILLRACE_ASSIGN_OR_RETURN(store_,
                              context_->datasets.Open(request_->dataset()));
  }
  size_t bytes = 0;
  for (; next_ < total_ && chunk->size() < kChunkSamples && bytes < kChunkBytes;
       ++next_) {
    MILLRACE_ASSIGN_OR_RETURN(v1::ReadSamplesResponse response, ReadOne(next_));
    bytes += response.image().size();
    chunk->push_back(std::move(response));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::ReadSamplesResponse> ReadSamplesReactor::ReadOne(
    size_t index) {
  const auto ordinals = static_cast<size_t>(request_->ordinals_size());
  v1::ReadSamplesResponse response;
  if (index < ordinals) {
    response.set_ordinal(request_->ordinals(static_cast<int>(index)));
  } else {
    const std::string& key = request_->keys(static_cast<int>(index - ordinals));
    MILLRACE_ASSIGN_OR_RETURN(const uint64_t ordinal, store_->Find(key));
    response.set_ordinal(ordinal);
  }
  MILLRACE_ASSIGN_OR_RETURN(Sample sample, store_->Read(response.ordinal()));
  *response.mutable_meta() = std::move(sample.meta);
  if (!request_->metadata_only()) {
    response.set_image(sample.image.data(), sample.image.size());
  }
  return response;
}

void ReadSamplesReactor::Advance() {
  if (cancelled_) return End(absl::CancelledError("the client is gone"));
  if (!chunk_.empty()) {
    writing_ = true;
    write_begin_ = absl::Now();
    StartWrite(&chunk_.front());
  } else if (!error_.ok() || next_ == total_) {
    End(error_);
  } else {
    lane_->Submit([this] { ReadChunk(); });
  }
}

void ReadSamplesReactor::End(const absl::Status& status) {
  end_ = status;
  Finish(ToGrpc(status));
}

void ReadSamplesReactor::OnWriteDone(bool ok) {
  MutexLock lock(&mutex_);
  writing_ = false;
  chunk_.pop_front();
  if (!ok) cancelled_ = true;
  if (ok) context_->metrics.samples_read.Increment();
  Advance();
}

void ReadSamplesReactor::OnCancel() {
  MutexLock lock(&mutex_);
  cancelled_ = true;  // Whoever is at work sees it next.
}

void ReadSamplesReactor::CancelIfStalled(absl::Time since) {
  MutexLock lock(&mutex_);
  if (writing_ && write_begin_ <= since) call_->TryCancel();
}

void ReadSamplesReactor::OnDone() {
  {
    MutexLock lock(&mutex_);
    context_->metrics.RpcEnded("ReadSamples", end_);
  }
  context_->requests.Remove(this);
  delete this;
}

}  // namespace millrace
