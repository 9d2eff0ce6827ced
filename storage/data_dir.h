// A data folder: published datasets by name and version.
//
//   <root>/coco/train2017/@<version>/    a published dataset
//   <root>/.staging/                     ingests under way
//
// A dataset appears by one atomic rename and is complete from then on. What is
// served from it never changes. Any
// number of processes may read one folder; see docs/storage_format.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "storage/sample_store.h"

namespace millrace {

// "NAME" or "NAME@VERSION". A version may be given by its first 8 or more
// digits.
struct DatasetRef {
  std::string name;
  std::string version;  // Empty: the newest.

  // INVALID_ARGUMENT unless names are parts of [A-Za-z0-9._-] (no part
  // begins with a dot), joined by "/", at most 200 bytes.
  static absl::StatusOr<DatasetRef> Parse(absl::string_view text);
  std::string ToString() const;
};

// Thread-safe; holds no state but the path.
class DataDir {
 public:
  // Does not touch the disk.
  explicit DataDir(std::string root) : root_(std::move(root)) {}

  const std::string& root() const { return root_; }

  // Every published version, ordered by name, then oldest first; what cannot
  // be read is left out and named in *problems (may be null). A missing root is
  // NOT_FOUND.
  absl::StatusOr<std::vector<v1::DatasetInfo>> List(
      std::vector<std::string>* problems = nullptr) const;

  // Name with the full version of what `ref` means now. NOT_FOUND names what
  // there is instead.
  absl::StatusOr<DatasetRef> Resolve(const DatasetRef& ref) const;

  // The full versions that `ref` may mean, sorted, damaged ones too; at least
  // one. NOT_FOUND.
  absl::StatusOr<std::vector<std::string>> Versions(
      const DatasetRef& ref) const;

  // Tells copies of one version apart, of which one took the other's place.
  // NOT_FOUND.
  absl::StatusOr<std::string> CopyId(const DatasetRef& pinned) const;

  // Opens read-only; works on a read-only volume. NOT_FOUND, DATA_LOSS,
  // FAILED_PRECONDITION (a format newer than this program).
  absl::StatusOr<std::shared_ptr<const SampleStore>> Open(
      const DatasetRef& ref) const;

  // Removes the version given, or all of the dataset if none is. Readers that
  // have it open keep reading what they opened.
  absl::Status Remove(const DatasetRef& ref) const;

  // What the ingest found wrong that published this version last.
  absl::StatusOr<std::vector<v1::Quarantined>> ReadQuarantine(
      const DatasetRef& ref) const;

 private:
  std::string root_;
};

}  // namespace millrace
