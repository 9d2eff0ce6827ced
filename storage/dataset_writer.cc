#include "storage/dataset_writer.h"

#include <algorithm>
#include <atomic>
#include <optional>
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
#include "storage/record_writer.h"
#include "storage/tally.h"
#include "storage/version.h"

namespace millrace {

namespace {

class RocksDatasetWriter final : public DatasetWriter {
 public:
  RocksDatasetWriter(const std::string& root, const std::string& name,
                     const WriterOptions& options, WriterLock lock)
      : root_(root),
        name_(name),
        staging_(StagingPath(root, name)),
        tables_(absl::StrCat(staging_, "/", kTablesName)),
        cancel_(options.cancel),
        shards_(options.shards),
        lock_(std::move(lock)),
        catalog_(tables_) {}

  ~RocksDatasetWriter() override {
    // Failing, it leaves what the next Create removes.
    records_.reset();
    RemoveTree(staging_).IgnoreError();
  }

  absl::Status Prepare() {
    if (Exists(staging_)) MILLRACE_RETURN_IF_ERROR(Discard(root_, staging_));
    MILLRACE_RETURN_IF_ERROR(MakeDirectory(staging_));
    MILLRACE_RETURN_IF_ERROR(MakeDirectory(tables_));
    records_.emplace(tables_, shards_);
    return absl::OkStatus();
  }

  absl::Status Append(EncodedSamples samples) override {
    MILLRACE_RETURN_IF_ERROR(failure_);
    samples.Digest();
    const uint64_t before = tally_.samples();
    const absl::Status listed = List(samples);
    samples.Keep(tally_.samples() - before);
    MILLRACE_RETURN_IF_ERROR(Remember(records_->Put(std::move(samples))));
    return Remember(listed);
  }

  absl::StatusOr<v1::DatasetInfo> Publish(
      v1::DatasetInfo description,
      const std::vector<v1::Quarantined>& quarantined) override {
    MILLRACE_RETURN_IF_ERROR(failure_);
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
    }
    return absl::OkStatus();
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
    info.set_shards(shards_);
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
    return InParallel(shards_ + 1, [&](size_t i) {
      return FinishDatabase(static_cast<uint32_t>(i), version);
    });
  }

  // The catalog, which takes longest and waits for no records, is the first.
  absl::Status FinishDatabase(uint32_t number, const std::string& version) {
    MILLRACE_RETURN_IF_ERROR(CheckCancelled());
    const std::string path = absl::StrCat(
        staging_, "/", number == 0 ? kCatalogName : ShardName(number - 1));
    MILLRACE_RETURN_IF_ERROR(
        number == 0
            ? catalog_.Finish(path, version)
            : records_->FinishShard(path, {version, number - 1, shards_}));
    return SyncTree(path);
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
  const uint32_t shards_;
  // Released last.
  const WriterLock lock_;
  CatalogWriter catalog_;
  // Once prepared.
  std::optional<RecordWriter> records_;
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
