#include "storage/rocks_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "storage/files.h"
#include "storage/info_file.h"
#include "storage/layout.h"

namespace millrace {

absl::StatusOr<std::shared_ptr<const RocksStore>> RocksStore::Open(
    HeldDirectory directory, const DatasetRef& name) {
  std::shared_ptr<RocksStore> store(new RocksStore(std::move(directory)));
  MILLRACE_ASSIGN_OR_RETURN(store->info_,
                            ReadInfoFile(store->directory_.path(),
                                         store->directory_.original_path()));
  if (store->info_.version() != name.version) {
    return absl::DataLossError(
        absl::StrCat(store->directory_.original_path(), " holds version ",
                     store->info_.version(), ": rename it back"));
  }
  store->info_.set_name(name.name);
  MILLRACE_RETURN_IF_ERROR(store->OpenCatalog());
  return store;
}

absl::Status RocksStore::OpenCatalog() {
  const std::string path = directory_.path();
  const std::string& shown = directory_.original_path();
  if (info_.samples() == 0 || info_.shards() == 0) {
    return absl::DataLossError(
        absl::StrCat(shown, " describes no samples or no shards"));
  }
  MILLRACE_ASSIGN_OR_RETURN(
      catalog_, CatalogReader::Open(absl::StrCat(path, "/", kCatalogName),
                                    absl::StrCat(shown, "/", kCatalogName),
                                    info_.version()));
  shards_ = std::make_unique<Shard[]>(info_.shards());
  for (uint32_t i = 0; i < info_.shards(); ++i) {
    if (Exists(absl::StrCat(path, "/", ShardName(i)))) continue;
    return absl::DataLossError(absl::StrCat(
        shown, "/", ShardName(i),
        " is missing: restore it from a copy, or ingest the dataset again"));
  }
  return absl::OkStatus();
}

absl::StatusOr<const ShardReader*> RocksStore::OpenShard(uint32_t index) const {
  Shard& shard = shards_[index];
  if (const ShardReader* ready = shard.ready.load(std::memory_order_acquire)) {
    return ready;
  }
  MutexLock lock(&shard.mutex);
  if (shard.reader == nullptr) {
    const std::string name = absl::StrCat("/", ShardName(index));
    MILLRACE_ASSIGN_OR_RETURN(
        shard.reader,
        ShardReader::Open(directory_.path() + name,
                          directory_.original_path() + name,
                          {info_.version(), index, info_.shards()}));
    shard.ready.store(shard.reader.get(), std::memory_order_release);
  }
  return shard.reader.get();
}

absl::Status RocksStore::AboutSample(uint64_t ordinal,
                                     const absl::Status& error) const {
  std::string message =
      absl::StrCat("dataset ", info_.name(), "@", info_.version(), ", sample ",
                   ordinal, " (shard ", PlaceOf(ordinal, info_.shards()).shard,
                   "): ", error.message());
  if (absl::IsDataLoss(error)) {
    absl::StrAppend(&message,
                    "; \"millrace verify\" lists all damage; restore "
                    "the shard from a copy, or ingest the dataset again");
  }
  return absl::Status(error.code(), message);
}

absl::Status RocksStore::CheckOrdinal(uint64_t ordinal) const {
  if (ordinal < info_.samples()) return absl::OkStatus();
  return absl::OutOfRangeError(
      absl::StrCat("dataset ", info_.name(), "@", info_.version(), " has ",
                   info_.samples(), " samples; there is no ordinal ", ordinal));
}

absl::Status RocksStore::CheckShard(uint32_t index) const {
  return OpenShard(index).status();
}

absl::StatusOr<RocksStore::StoredRecord> RocksStore::ReadPlaced(
    uint64_t ordinal) const {
  const ShardPlace place = PlaceOf(ordinal, info_.shards());
  MILLRACE_ASSIGN_OR_RETURN(const ShardReader* shard, OpenShard(place.shard));
  MILLRACE_ASSIGN_OR_RETURN(StoredValue value, shard->Read(place.index));
  MILLRACE_ASSIGN_OR_RETURN(const RecordView view,
                            OpenRecord(value.bytes, ordinal));
  return StoredRecord{view, std::move(value.owner)};
}

absl::StatusOr<RocksStore::StoredRecord> RocksStore::ReadRecord(
    uint64_t ordinal) const {
  MILLRACE_RETURN_IF_ERROR(CheckOrdinal(ordinal));
  absl::StatusOr<StoredRecord> record = ReadPlaced(ordinal);
  if (record.ok()) return record;
  return absl::Status(
      record.status().code(),
      absl::StrCat("shard ", PlaceOf(ordinal, info_.shards()).shard, ": ",
                   record.status().message()));
}

absl::StatusOr<Sample> RocksStore::Read(uint64_t ordinal) const {
  MILLRACE_RETURN_IF_ERROR(CheckOrdinal(ordinal));
  absl::StatusOr<StoredRecord> record = ReadPlaced(ordinal);
  if (!record.ok()) return AboutSample(ordinal, record.status());
  const RecordView& view = record->view;
  Sample sample;
  if (!sample.meta.ParseFromArray(view.meta.data(),
                                  static_cast<int>(view.meta.size()))) {
    return AboutSample(ordinal,
                       absl::DataLossError("the metadata cannot be parsed"));
  }
  sample.image = view.image;
  sample.decode_record = view.decode_record;
  sample.owner = std::move(record->owner);
  return sample;
}

absl::StatusOr<uint64_t> RocksStore::Find(absl::string_view key) const {
  absl::StatusOr<uint64_t> ordinal = catalog_->Find(key);
  if (ordinal.ok() || !absl::IsNotFound(ordinal.status())) return ordinal;
  return absl::NotFoundError(absl::StrCat("dataset ", info_.name(), "@",
                                          info_.version(), " has ",
                                          ordinal.status().message()));
}

absl::StatusOr<OrdinalSet> RocksStore::ReadIndex(absl::string_view name) const {
  return catalog_->ReadIndex(name);
}

absl::StatusOr<AttributeChunk> RocksStore::ReadAttributes(
    uint64_t chunk) const {
  const std::string dataset =
      absl::StrCat("dataset ", info_.name(), "@", info_.version());
  if (chunk >= AttributeChunks(info_.samples())) {
    return absl::OutOfRangeError(
        absl::StrCat(dataset, " has no attributes ", chunk));
  }
  absl::StatusOr<AttributeChunk> attributes = catalog_->ReadAttributes(chunk);
  if (!absl::IsNotFound(attributes.status())) return attributes;
  if (chunk > 0) {
    return absl::DataLossError(
        absl::StrCat(dataset, ": attributes ", chunk,
                     " are missing; restore the catalog from a copy, or ingest "
                     "the dataset again"));
  }
  return absl::FailedPreconditionError(absl::StrCat(
      dataset,
      " was ingested by an older version, which did not index image sizes and "
      "annotations; remove this version (\"millrace rm\") and ingest it "
      "again"));
}

}  // namespace millrace
