#include "storage/verify.h"

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/status_macros.h"
#include "google/protobuf/util/message_differencer.h"
#include "storage/index_set.h"
#include "storage/rocks_store.h"
#include "storage/shard.h"
#include "storage/tally.h"
#include "storage/version.h"

namespace millrace {

namespace {

// Samples that threads read before their results are added up in order.
constexpr uint64_t kWindow = kSamplesPerChunk;

// What is kept of one sample until then: all but the pixels.
struct CheckedSample {
  absl::Status status;
  v1::SampleMeta meta;
  Sha256Digest digest{};
  uint64_t image_bytes = 0;
  uint64_t record_bytes = 0;
};

absl::Status CheckKey(const RocksStore& store, const v1::SampleMeta& meta,
                      uint64_t ordinal) {
  const absl::StatusOr<uint64_t> found = store.Find(meta.key());
  if (!found.ok()) return found.status();
  if (*found == ordinal) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the catalog has sample ", *found,
                                          " under the key \"", meta.key(),
                                          "\" of sample ", ordinal));
}

CheckedSample CheckSample(const RocksStore& store, const VerifyOptions& options,
                          uint64_t ordinal) {
  CheckedSample checked;
  absl::StatusOr<RocksStore::StoredRecord> record = store.ReadRecord(ordinal);
  if (!record.ok()) {
    checked.status = record.status();
    return checked;
  }
  const RecordView& view = record->view;
  if (!checked.meta.ParseFromArray(view.meta.data(),
                                   static_cast<int>(view.meta.size()))) {
    checked.status = absl::DataLossError("the metadata cannot be parsed");
    return checked;
  }
  checked.digest = Sha256Of(view.body);
  checked.image_bytes = view.image.size();
  checked.record_bytes = view.body.size() + kRecordHeaderBytes;
  checked.status = CheckKey(store, checked.meta, ordinal);
  if (checked.status.ok() && options.check_sample) {
    checked.status = options.check_sample(
        {checked.meta, view.image, view.decode_record, record->owner});
  }
  return checked;
}

class Verifier {
 public:
  Verifier(const RocksStore& store, const VerifyOptions& options)
      : store_(store), options_(options) {
    report_.info = store.info();
    report_.progress.total = store.info().samples();
  }

  absl::StatusOr<VerifyReport> Run() {
    OpenShards();
    while (report_.progress.done < report_.progress.total) {
      if (options_.cancel != nullptr && *options_.cancel) {
        return absl::CancelledError("the check was stopped");
      }
      const uint64_t first = report_.progress.done;
      AddUp(ReadWindow());
      MILLRACE_RETURN_IF_ERROR(CheckAttributes(first / kWindow));
      if (options_.on_progress) options_.on_progress(report_.progress);
    }
    if (report_.progress.bad == 0) {
      CheckInfo();
      MILLRACE_RETURN_IF_ERROR(CheckIndexes());
    }
    return std::move(report_);
  }

 private:
  void OpenShards() {
    const uint64_t samples = report_.info.samples();
    const uint32_t shards = report_.info.shards();
    shard_opens_.resize(shards, true);
    for (uint32_t i = 0; i < shards; ++i) {
      const absl::Status status = store_.CheckShard(i);
      if (status.ok()) continue;
      shard_opens_[i] = false;
      report_.bad_shards.push_back({i,
                                    samples / shards + (i < samples % shards),
                                    std::string(status.message())});
    }
  }

  bool ShardOpens(uint64_t ordinal) const {
    return shard_opens_[PlaceOf(ordinal, report_.info.shards()).shard];
  }

  std::vector<CheckedSample> ReadWindow() const {
    const uint64_t first = report_.progress.done;
    std::vector<CheckedSample> window(
        std::min(kWindow, report_.progress.total - first));
    std::atomic<uint64_t> next = 0;
    const auto read = [&] {
      for (uint64_t i = next++; i < window.size(); i = next++) {
        if (!ShardOpens(first + i)) continue;
        window[i] = CheckSample(store_, options_, first + i);
      }
    };
    std::vector<std::thread> threads;
    for (int i = 1; i < options_.threads; ++i) threads.emplace_back(read);
    read();
    for (std::thread& thread : threads) thread.join();
    return window;
  }

  void AddUp(const std::vector<CheckedSample>& window) {
    for (const CheckedSample& sample : window) {
      const uint64_t ordinal = report_.progress.done++;
      report_.progress.bytes += sample.record_bytes;
      if (!ShardOpens(ordinal)) {
        ++report_.progress.bad;
        continue;
      }
      if (!sample.status.ok()) {
        AddBad(ordinal, sample.status);
        continue;
      }
      version_.AddSample(sample.digest);
      tally_.Add(sample.meta, sample.image_bytes, sample.record_bytes);
      indexes_.Add(ordinal, sample.meta);
      attributes_.Add(sample.meta);
    }
  }

  void AddBad(uint64_t ordinal, const absl::Status& status) {
    ++report_.progress.bad;
    if (report_.bad_samples.size() < options_.max_reasons) {
      report_.bad_samples.push_back({ordinal, std::string(status.message())});
    }
  }

  void CheckInfo() {
    v1::DatasetInfo counted = report_.info;
    const absl::Status filled = tally_.FillIn(&counted);
    if (!filled.ok()) {
      report_.problems.push_back(std::string(filled.message()));
    } else if (!google::protobuf::util::MessageDifferencer::Equals(
                   counted, report_.info)) {
      report_.problems.push_back(
          "dataset.pb counts other things than there are");
    }
    const std::string version = version_.Finish(report_.info);
    if (version != report_.info.version()) {
      report_.problems.push_back(
          absl::StrCat("the content has the version ", version));
    }
  }

  // Of the window that was just added up.
  absl::Status CheckAttributes(uint64_t chunk) {
    const std::string expected =
        std::exchange(attributes_, AttributeChunk()).Serialise();
    if (report_.progress.bad > 0) return absl::OkStatus();
    const auto stored = store_.ReadAttributes(chunk);
    // Ingested before there were attributes: not a damage.
    if (absl::IsFailedPrecondition(stored.status())) return absl::OkStatus();
    if (!stored.ok() && !absl::IsDataLoss(stored.status())) {
      return stored.status();
    }
    if (!stored.ok() || stored->Serialise() != expected) {
      report_.problems.push_back(
          absl::StrCat("the attributes ", chunk, " do not match the samples"));
    }
    return absl::OkStatus();
  }

  absl::Status CheckIndexes() {
    for (const auto& [name, bytes] : indexes_.Serialise()) {
      const absl::StatusOr<OrdinalSet> stored = store_.ReadIndex(name);
      if (!stored.ok() && !absl::IsDataLoss(stored.status())) {
        return stored.status();
      }
      if (!stored.ok() || !(*stored == indexes_.Get(name))) {
        report_.problems.push_back(absl::StrCat(
            "the index \"", name, "\" does not match the samples"));
      }
    }
    return absl::OkStatus();
  }

  const RocksStore& store_;
  const VerifyOptions& options_;
  VerifyReport report_;
  std::vector<bool> shard_opens_;
  VersionDigest version_;
  DatasetTally tally_;
  IndexSet indexes_;
  AttributeChunk attributes_;
};

}  // namespace

absl::Status VerifyOptions::Validate() const {
  if (threads >= 0 && threads <= 1024) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "threads is ", threads, "; it must be 0 (all cores) to 1024"));
}

absl::StatusOr<VerifyReport> VerifyDataset(const DataDir& data_dir,
                                           const DatasetRef& ref,
                                           const VerifyOptions& options) {
  MILLRACE_RETURN_IF_ERROR(options.Validate());
  MILLRACE_ASSIGN_OR_RETURN(const std::shared_ptr<const RocksStore> store,
                            OpenStored(data_dir, ref));
  VerifyOptions chosen = options;
  if (chosen.threads == 0) {
    chosen.threads =
        std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }
  return Verifier(*store, chosen).Run();
}

}  // namespace millrace
