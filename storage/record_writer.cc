#include "storage/record_writer.h"

#include <utility>

#include "base/status_macros.h"
#include "storage/record.h"

namespace millrace {

namespace {

// Enough to go on while a piece of a table is written.
constexpr size_t kMaxUnwrittenBytes = size_t{4} << 20;

}  // namespace

RecordWriter::RecordWriter(const std::string& tables_directory,
                           uint32_t shards) {
  for (uint32_t i = 0; i < shards; ++i)
    shards_.emplace_back(tables_directory, i);
  thread_ = std::thread([this] { Run(); });
}

RecordWriter::~RecordWriter() {
  {
    MutexLock lock(&mutex_);
    stopped_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

absl::Status RecordWriter::Put(EncodedSamples samples) {
  MutexLock lock(&mutex_);
  while (unwritten_bytes_ >= kMaxUnwrittenBytes && status_.ok()) {
    changed_.Wait(&mutex_);
  }
  MILLRACE_RETURN_IF_ERROR(status_);
  unwritten_bytes_ += samples.records().size();
  waiting_.push_back(std::move(samples));
  changed_.NotifyAll();
  return absl::OkStatus();
}

absl::Status RecordWriter::Drain() {
  MutexLock lock(&mutex_);
  while (unwritten_bytes_ > 0 && status_.ok()) changed_.Wait(&mutex_);
  return status_;
}

absl::Status RecordWriter::FinishShard(const std::string& path,
                                       const ShardLabel& label) {
  MILLRACE_RETURN_IF_ERROR(Drain());
  return shards_[label.shard].Finish(path, label);
}

std::optional<EncodedSamples> RecordWriter::Take() {
  MutexLock lock(&mutex_);
  while (waiting_.empty() && !stopped_) changed_.Wait(&mutex_);
  if (stopped_) return std::nullopt;
  EncodedSamples samples = std::move(waiting_.front());
  waiting_.pop_front();
  return samples;
}

void RecordWriter::Run() {
  while (std::optional<EncodedSamples> samples = Take()) {
    const absl::Status status = Write(&*samples);
    MutexLock lock(&mutex_);
    unwritten_bytes_ -= samples->records().size();
    status_ = status;
    stopped_ = stopped_ || !status.ok();
    changed_.NotifyAll();
  }
}

absl::Status RecordWriter::Write(EncodedSamples* samples) {
  char* record = samples->records().data();
  for (const EncodedSamples::Sample& sample : samples->samples()) {
    SealRecord(next_ordinal_, record, sample.record_bytes);
    const ShardPlace place = PlaceOf(next_ordinal_++, shards_.size());
    MILLRACE_RETURN_IF_ERROR(shards_[place.shard].Append(
        absl::string_view(record, sample.record_bytes)));
    record += sample.record_bytes;
  }
  return absl::OkStatus();
}

}  // namespace millrace
