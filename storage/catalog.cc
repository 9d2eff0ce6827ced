#include "storage/catalog.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "storage/catalog_keys.h"
#include "storage/coding.h"

namespace millrace {

CatalogWriter::CatalogWriter(const std::string& tables_directory)
    : tables_directory_(tables_directory), keys_(tables_directory) {}

absl::Status CatalogWriter::Add(uint64_t ordinal, const v1::SampleMeta& meta) {
  MILLRACE_RETURN_IF_ERROR(keys_.Add(meta.key(), ordinal));
  indexes_.Add(ordinal, meta);
  attributes_.Add(meta);
  if (attributes_.images.size() < kSamplesPerChunk) return absl::OkStatus();
  return WriteAttributes();
}

absl::Status CatalogWriter::WriteAttributes() {
  if (attributes_.images.empty()) return absl::OkStatus();
  if (attributes_table_ == nullptr) {
    MILLRACE_ASSIGN_OR_RETURN(attributes_table_,
                              TableWriter::Create(absl::StrCat(
                                  tables_directory_, "/attributes.sst")));
  }
  MILLRACE_RETURN_IF_ERROR(attributes_table_->Put(
      CatalogAttributesKey(chunks_++), attributes_.Serialise()));
  attributes_ = {};
  return absl::OkStatus();
}

absl::StatusOr<std::string> CatalogWriter::WriteSmallTable(
    absl::string_view version) {
  MILLRACE_ASSIGN_OR_RETURN(
      const std::unique_ptr<TableWriter> table,
      TableWriter::Create(absl::StrCat(tables_directory_, "/catalog.sst")));
  MILLRACE_RETURN_IF_ERROR(table->Put(kCatalogVersionKey, version));
  for (const auto& [name, bytes] : indexes_.Serialise()) {
    MILLRACE_RETURN_IF_ERROR(table->Put(CatalogIndexKey(name), bytes));
  }
  MILLRACE_RETURN_IF_ERROR(table->Finish());
  return table->path();
}

absl::Status CatalogWriter::Finish(const std::string& path,
                                   absl::string_view version) {
  MILLRACE_ASSIGN_OR_RETURN(std::vector<std::string> tables, keys_.Finish());
  MILLRACE_ASSIGN_OR_RETURN(std::string small, WriteSmallTable(version));
  tables.push_back(std::move(small));
  MILLRACE_RETURN_IF_ERROR(WriteAttributes());
  if (attributes_table_ != nullptr) {
    MILLRACE_RETURN_IF_ERROR(attributes_table_->Finish());
    tables.push_back(attributes_table_->path());
  }
  return BuildDatabase(path, tables, /*merge=*/keys_.several_runs());
}

absl::StatusOr<std::unique_ptr<CatalogReader>> CatalogReader::Open(
    const std::string& path, const std::string& shown_path,
    absl::string_view version) {
  MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<Database> database,
                            Database::Open(path, shown_path));
  const absl::StatusOr<StoredValue> stored = database->Get(kCatalogVersionKey);
  if (!stored.ok() && !absl::IsNotFound(stored.status())) {
    return stored.status();
  }
  if (!stored.ok() || stored->bytes != version) {
    return absl::DataLossError(
        absl::StrCat(shown_path,
                     " is not the catalog of this dataset: put the right files "
                     "back, or ingest it again"));
  }
  return std::unique_ptr<CatalogReader>(
      new CatalogReader(std::move(database), shown_path));
}

absl::StatusOr<uint64_t> CatalogReader::Find(absl::string_view key) const {
  const absl::StatusOr<StoredValue> value = database_->Get(CatalogKey(key));
  if (absl::IsNotFound(value.status())) {
    return absl::NotFoundError(absl::StrCat("no sample \"", key, "\""));
  }
  if (!value.ok()) return value.status();
  if (value->bytes.size() != sizeof(uint64_t)) {
    return absl::DataLossError(
        absl::StrCat(path_, ": the entry of key \"", key, "\" is damaged"));
  }
  return LoadLittleEndian<uint64_t>(value->bytes.data());
}

absl::StatusOr<OrdinalSet> CatalogReader::ReadIndex(
    absl::string_view name) const {
  const absl::StatusOr<StoredValue> value =
      database_->Get(CatalogIndexKey(name));
  if (absl::IsNotFound(value.status())) return OrdinalSet();
  if (!value.ok()) return value.status();
  absl::StatusOr<OrdinalSet> ordinals = ParseIndex(value->bytes);
  if (ordinals.ok()) return ordinals;
  return absl::DataLossError(absl::StrCat(path_, ", index \"", name,
                                          "\": ", ordinals.status().message()));
}

absl::StatusOr<AttributeChunk> CatalogReader::ReadAttributes(
    uint64_t chunk) const {
  MILLRACE_ASSIGN_OR_RETURN(const StoredValue value,
                            database_->Get(CatalogAttributesKey(chunk)));
  absl::StatusOr<AttributeChunk> attributes = ParseAttributes(value.bytes);
  if (attributes.ok()) return attributes;
  return absl::DataLossError(absl::StrCat(path_, ", attributes ", chunk, ": ",
                                          attributes.status().message()));
}

}  // namespace millrace
