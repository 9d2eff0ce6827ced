// A published dataset, opened: SampleStore over a catalog and shards on disk.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "storage/catalog.h"
#include "storage/data_dir.h"
#include "storage/lock.h"
#include "storage/record.h"
#include "storage/sample_store.h"
#include "storage/shard.h"

namespace millrace {

class RocksStore final : public SampleStore {
 public:
  // The dataset that lies in `directory` and is called `name` in full. Opens
  // the catalog; a shard's database is opened when it is first read, so that
  // opening costs the same for one shard and for 256.
  static absl::StatusOr<std::shared_ptr<const RocksStore>> Open(
      HeldDirectory directory, const DatasetRef& name);

  const v1::DatasetInfo& info() const override { return info_; }
  absl::StatusOr<Sample> Read(uint64_t ordinal) const override;
  absl::StatusOr<uint64_t> Find(absl::string_view key) const override;
  absl::StatusOr<OrdinalSet> ReadIndex(absl::string_view name) const override;
  absl::StatusOr<AttributeChunk> ReadAttributes(uint64_t chunk) const override;

  // Opens a shard if it is not open yet; the error says what is wrong with it
  // and what to do.
  absl::Status CheckShard(uint32_t index) const;

  // The record as it is stored, checked; errors have the codes of Read, and say
  // no more than the shard and what is wrong. The views are good while `owner`
  // lives.
  struct StoredRecord {
    RecordView view;
    std::shared_ptr<const void> owner;
  };
  absl::StatusOr<StoredRecord> ReadRecord(uint64_t ordinal) const;

 private:
  explicit RocksStore(HeldDirectory directory)
      : directory_(std::move(directory)) {}

  // Opened when it is first used.
  struct Shard {
    Mutex mutex;
    std::unique_ptr<const ShardReader> reader ABSL_GUARDED_BY(mutex);
    std::atomic<const ShardReader*> ready = nullptr;
  };

  absl::Status OpenCatalog();
  absl::Status CheckOrdinal(uint64_t ordinal) const;
  absl::StatusOr<const ShardReader*> OpenShard(uint32_t index) const;
  // `ordinal` must be one of the dataset's.
  absl::StatusOr<StoredRecord> ReadPlaced(uint64_t ordinal) const;
  // `error`, saying which sample it is about and what to do.
  absl::Status AboutSample(uint64_t ordinal, const absl::Status& error) const;

  const HeldDirectory directory_;
  v1::DatasetInfo info_;
  std::unique_ptr<const CatalogReader> catalog_;
  std::unique_ptr<Shard[]> shards_;
};

// DataDir::Open, with what only this kind of store has.
absl::StatusOr<std::shared_ptr<const RocksStore>> OpenStored(
    const DataDir& data_dir, const DatasetRef& ref);

}  // namespace millrace
