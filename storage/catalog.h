// The catalog of a dataset: what is found by something else than an ordinal.
// Keys, indexes and attributes, in one small database.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/attributes.h"
#include "storage/database.h"
#include "storage/index_set.h"
#include "storage/key_runs.h"
#include "storage/sample_store.h"

namespace millrace {

// One thread at a time.
class CatalogWriter {
 public:
  // Tables are made in `tables_directory`, which exists.
  explicit CatalogWriter(const std::string& tables_directory);

  // ALREADY_EXISTS: the key was there; nothing has changed then.
  absl::Status Add(uint64_t ordinal, const v1::SampleMeta& meta);

  // Makes the catalog at `path`.
  absl::Status Finish(const std::string& path, absl::string_view version);

 private:
  absl::StatusOr<std::string> WriteSmallTable(absl::string_view version);
  absl::Status WriteAttributes();

  const std::string tables_directory_;
  KeyRuns keys_;
  IndexSet indexes_;
  // The chunk that is being filled, and the table of those before it.
  AttributeChunk attributes_;
  uint64_t chunks_ = 0;
  std::unique_ptr<TableWriter> attributes_table_;
};

// Thread-safe.
class CatalogReader {
 public:
  // DATA_LOSS: not there, damaged, or of another version. `shown_path` stands
  // for `path` in messages.
  static absl::StatusOr<std::unique_ptr<CatalogReader>> Open(
      const std::string& path, const std::string& shown_path,
      absl::string_view version);

  // NOT_FOUND.
  absl::StatusOr<uint64_t> Find(absl::string_view key) const;
  absl::StatusOr<OrdinalSet> ReadIndex(absl::string_view name) const;
  // NOT_FOUND: the catalog was written before there were attributes.
  absl::StatusOr<AttributeChunk> ReadAttributes(uint64_t chunk) const;

 private:
  CatalogReader(std::unique_ptr<Database> database, std::string path)
      : database_(std::move(database)), path_(std::move(path)) {}

  const std::unique_ptr<Database> database_;
  const std::string path_;
};

}  // namespace millrace
