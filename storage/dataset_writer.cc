#include "storage/dataset_writer.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status_macros.h"
#include "storage/catalog.h"
#include "storage/data_dir.h"
#include "storage/files.h"
#include "storage/info_file.h"
#include "storage/layout.h"
#include "storage/lock.h"
#include "storage/parallel.h"
#include "storage/published.h"
#include "storage/record.h"
#include "storage/shard.h"
#include "storage/tally.h"
#include "storage/version.h"

namespace millrace {

namespace {

// Of records that are written while the next ones are gathered.
constexpr size_t kBatchBytes = size_t{1} << 20;

class RocksDatasetWriter final : public DatasetWriter {
 public:
  RocksDatasetWriter(const std::string& root, const std::string& name,
                     const WriterOptions& options, WriterLock lock)
      : root_(root),
        name_(name),
        staging_(StagingPath(root, name)),
        tables_(absl::StrCat(staging_, "/", kTablesName)),
        cancel_(options.cancel),
        lock_(std::move(lock)),
        catalog_(tables_) {
    for (int i = 0; i < options.shards; ++i) shards_.emplace_back(tables_, i);
  }

  ~RocksDatasetWriter() override {
    WaitForBatch().IgnoreError();
    // Failing, it leaves what the next Create removes.
    shards_.clear();
    RemoveTree(staging_).IgnoreError();
  }

  absl::Status Prepare() {
    if (Exists(staging_)) MILLRACE_RETURN_IF_ERROR(Discard(root_, staging_));
    MILLRACE_RETURN_IF_ERROR(MakeDirectory(staging_));
    return MakeDirectory(tables_);
  }

  absl::Status Append(EncodedSamples samples) override {
    MILLRACE_RETURN_IF_ERROR(failure_);
    const size_t added = batch_samples_;
    const absl::Status listed = List(samples);
    samples.Keep(batch_samples_ - added);
    batch_bytes_ += samples.records().size();
    batch_.push_back(std::move(samples));
    MILLRACE_RETURN_IF_ERROR(Remember(listed));
    return batch_bytes_ < kBatchBytes ? absl::OkStatus()
                                      : Remember(WriteBatch());
  }

  absl::StatusOr<v1::DatasetInfo> Publish(
      v1::DatasetInfo description,
      const std::vector<v1::Quarantined>& quarantined) override {
    MILLRACE_RETURN_IF_ERROR(failure_);
    MILLRACE_RETURN_IF_ERROR(Remember(WriteBatch()));
    MILLRACE_ASSIGN_OR_RETURN(
        v1::DatasetInfo info,
        Complete(std::move(description), quarantined.size()));
    failure_ = absl::FailedPreconditionError(
        "this writer has published; make another for another dataset");
    // There, but in another format: not ours to replace.
    const absl::Status there =
        ReadPublishedInfo(root_, name_, info.version()).status();
    if (absl::IsFailedPrecondition(there)) return there;
    MILLRACE_RETURN_IF_ERROR(WriteAndRename(info, quarantined));
    return info;
  }

 private:
  uint32_t num_shards() const { return static_cast<uint32_t>(shards_.size()); }

  // After any failure but a key that comes twice, the files are not what they
  // should be.
  absl::Status Remember(const absl::Status& status) {
    if (!absl::IsAlreadyExists(status)) failure_ = status;
    return status;
  }

  // Everything about samples but their records, until a key comes twice.
  absl::Status List(const EncodedSamples& samples) {
    for (const EncodedSamples::Sample& sample : samples.samples()) {
      MILLRACE_RETURN_IF_ERROR(catalog_.Add(tally_.samples(), *sample.meta));
      version_.AddSample(sample.digest);
      tally_.Add(*sample.meta, sample.image_bytes, sample.record_bytes);
      ++batch_samples_;
    }
    return absl::OkStatus();
  }

  // Writes the records that are gathered, on a thread of its own: once the
  // last ones are written, whose error it returns.
  absl::Status WriteBatch() {
    MILLRACE_RETURN_IF_ERROR(WaitForBatch());
    const uint64_t begin = tally_.samples() - batch_samples_;
    writing_ = std::async(
        std::launch::async, [this, begin, batch = std::move(batch_)]() mutable {
          uint64_t ordinal = begin;
          for (EncodedSamples& samples : batch) {
            MILLRACE_RETURN_IF_ERROR(WriteRecords(&ordinal, &samples));
          }
          batch.clear();
          return absl::OkStatus();
        });
    batch_.clear();
    batch_samples_ = 0;
    batch_bytes_ = 0;
    return absl::OkStatus();
  }

  absl::Status WriteRecords(uint64_t* ordinal, EncodedSamples* samples) {
    char* record = samples->records().data();
    for (const EncodedSamples::Sample& sample : samples->samples()) {
      SealRecord(*ordinal, record, sample.record_bytes);
      const ShardPlace place = PlaceOf((*ordinal)++, num_shards());
      MILLRACE_RETURN_IF_ERROR(shards_[place.shard].Append(
          absl::string_view(record, sample.record_bytes)));
      record += sample.record_bytes;
    }
    return absl::OkStatus();
  }

  absl::Status WaitForBatch() {
    return writing_.valid() ? writing_.get() : absl::OkStatus();
  }

  // `description`, with all that the writer knows.
  absl::StatusOr<v1::DatasetInfo> Complete(v1::DatasetInfo description,
                                           size_t quarantined) {
    if (tally_.samples() == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("dataset \"", name_, "\" would have no samples"));
    }
    v1::DatasetInfo info = std::move(description);
    MILLRACE_RETURN_IF_ERROR(tally_.FillIn(&info));
    info.set_name(name_);
    info.set_shards(num_shards());
    info.set_quarantined(quarantined);
    info.set_version(version_.Finish(info));
    MILLRACE_ASSIGN_OR_RETURN(const int64_t now, TimeToPublish());
    info.set_published_unix_seconds(now);
    return info;
  }

  // Later than all versions that are there, even if the clock was set back.
  absl::StatusOr<int64_t> TimeToPublish() const {
    int64_t time = absl::ToUnixSeconds(absl::Now());
    MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> versions,
                              ListVersions(root_, name_));
    for (const std::string& version : versions) {
      const absl::StatusOr<v1::DatasetInfo> info =
          ReadPublishedInfo(root_, name_, version);
      if (info.ok()) time = std::max(time, info->published_unix_seconds() + 1);
    }
    return time;
  }

  absl::Status CheckCancelled() const {
    if (cancel_ == nullptr || !*cancel_) return absl::OkStatus();
    return absl::CancelledError("cancelled; nothing was published");
  }

  // The shards and the catalog, side by side.
  absl::Status FinishDatabases(const std::string& version) {
    return InParallel(num_shards() + 1, [&](size_t i) {
      return FinishDatabase(static_cast<uint32_t>(i), version);
    });
  }

  // The catalog, which takes longest and waits for no records, is the first.
  absl::Status FinishDatabase(uint32_t number, const std::string& version) {
    MILLRACE_RETURN_IF_ERROR(CheckCancelled());
    const std::string path = absl::StrCat(
        staging_, "/", number == 0 ? kCatalogName : ShardName(number - 1));
    MILLRACE_RETURN_IF_ERROR(number == 0
                                 ? catalog_.Finish(path, version)
                                 : FinishShard(number - 1, path, version));
    return SyncTree(path);
  }

  absl::Status FinishShard(uint32_t shard, const std::string& path,
                           const std::string& version) {
    const std::shared_future<absl::Status> written = writing_;
    MILLRACE_RETURN_IF_ERROR(written.get());
    return shards_[shard].Finish(path, {version, shard, num_shards()});
  }

  absl::Status WriteAndRename(const v1::DatasetInfo& info,
                              const std::vector<v1::Quarantined>& quarantined) {
    MILLRACE_RETURN_IF_ERROR(FinishDatabases(info.version()));
    MILLRACE_RETURN_IF_ERROR(RemoveTree(tables_));
    MILLRACE_RETURN_IF_ERROR(WriteInfoFile(staging_, info, quarantined));
    MILLRACE_RETURN_IF_ERROR(SyncDirectory(staging_));
    MILLRACE_RETURN_IF_ERROR(CheckCancelled());
    return PublishDirectory(staging_, root_, name_, info.version());
  }

  const std::string root_;
  const std::string name_;
  const std::string staging_;
  const std::string tables_;
  const std::atomic<bool>* const cancel_;
  // Released last.
  const WriterLock lock_;
  CatalogWriter catalog_;
  // Of `writing_`, while there is one.
  std::vector<ShardWriter> shards_;
  std::shared_future<absl::Status> writing_;
  // Not written yet; the last of them is the newest sample.
  std::vector<EncodedSamples> batch_;
  size_t batch_samples_ = 0;
  size_t batch_bytes_ = 0;
  DatasetTally tally_;
  VersionDigest version_;
  absl::Status failure_;
};

absl::StatusOr<WriterLock> TakeWriterLock(const std::string& root,
                                          const std::string& name) {
  MILLRACE_ASSIGN_OR_RETURN(const FileDescriptor turn, LockStaging(root));
  return WriterLock::Take(StagingLockPath(root, name));
}

}  // namespace

EncodedSamples::EncodedSamples(size_t samples)
    : arena_(std::make_unique<google::protobuf::Arena>()) {
  samples_.reserve(samples);
}

v1::SampleMeta* EncodedSamples::NewMeta() {
  return google::protobuf::Arena::CreateMessage<v1::SampleMeta>(arena_.get());
}

void EncodedSamples::Add(const v1::SampleMeta* meta, absl::string_view image,
                         absl::string_view decode_record) {
  const size_t begin = records_.size();
  AppendRecord(*meta, image, decode_record, &records_);
  const size_t bytes = records_.size() - begin;
  samples_.push_back({meta, image.size(), bytes,
                      Sha256Of(RecordBody(
                          absl::string_view(records_.data() + begin, bytes)))});
  // Those that follow are about as large.
  if (begin == 0) records_.reserve(bytes * samples_.capacity());
}

EncodedSamples EncodeSample(const v1::SampleMeta& meta, absl::string_view image,
                            absl::string_view decode_record) {
  EncodedSamples samples;
  v1::SampleMeta* const copy = samples.NewMeta();
  *copy = meta;
  samples.Add(copy, image, decode_record);
  return samples;
}

absl::Status WriterOptions::Validate() const {
  if (shards >= 1 && shards <= kMaxShards) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a dataset has 1 to ", kMaxShards, " shards, not ", shards));
}

absl::StatusOr<std::unique_ptr<DatasetWriter>> DatasetWriter::Create(
    const std::string& root, const std::string& name,
    const WriterOptions& options) {
  MILLRACE_RETURN_IF_ERROR(options.Validate());
  MILLRACE_ASSIGN_OR_RETURN(const DatasetRef ref, DatasetRef::Parse(name));
  if (!ref.version.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", name,
                     "\": the version of a new dataset follows from its "
                     "content; leave it out"));
  }
  MILLRACE_RETURN_IF_ERROR(MakeDirectories(StagingRoot(root)));
  MILLRACE_ASSIGN_OR_RETURN(WriterLock lock, TakeWriterLock(root, name));
  MILLRACE_RETURN_IF_ERROR(SweepStaging(root));
  auto writer = std::make_unique<RocksDatasetWriter>(root, name, options,
                                                     std::move(lock));
  MILLRACE_RETURN_IF_ERROR(writer->Prepare());
  return writer;
}

}  // namespace millrace
