#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/sst_file_writer.h>

#include <utility>

#include "base/status_macros.h"
#include "storage/database.h"
#include "storage/rocksdb_options.h"

namespace millrace {

struct TableWriter::Rep {
  // Pages that were just written are kept: they are soon read.
  Rep()
      : writer(rocksdb::EnvOptions(options), options, nullptr,
               /*invalidate_page_cache=*/false) {}

  const rocksdb::Options options = TableOptions();
  mutable rocksdb::SstFileWriter writer;
};

TableWriter::TableWriter(std::string path, std::unique_ptr<Rep> rep)
    : path_(std::move(path)), rep_(std::move(rep)) {}

TableWriter::~TableWriter() = default;

absl::StatusOr<std::unique_ptr<TableWriter>> TableWriter::Create(
    const std::string& path) {
  auto rep = std::make_unique<Rep>();
  MILLRACE_RETURN_IF_ERROR(WriteError(rep->writer.Open(path), "create", path));
  return std::unique_ptr<TableWriter>(new TableWriter(path, std::move(rep)));
}

absl::Status TableWriter::Put(absl::string_view key, absl::string_view value) {
  return WriteError(rep_->writer.Put(AsSlice(key), AsSlice(value)), "write",
                    path_);
}

uint64_t TableWriter::file_bytes() const { return rep_->writer.FileSize(); }

absl::Status TableWriter::Finish() {
  return WriteError(rep_->writer.Finish(), "write", path_);
}

absl::StatusOr<bool> TableHas(const std::string& path, absl::string_view key) {
  rocksdb::SstFileReader reader(TableOptions());
  MILLRACE_RETURN_IF_ERROR(ReadError(reader.Open(path), path));
  const std::unique_ptr<rocksdb::Iterator> iterator(
      reader.NewIterator(rocksdb::ReadOptions()));
  iterator->Seek(AsSlice(key));
  MILLRACE_RETURN_IF_ERROR(ReadError(iterator->status(), path));
  return iterator->Valid() && iterator->key() == AsSlice(key);
}

}  // namespace millrace
